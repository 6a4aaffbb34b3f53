/**
 * Arguments on their way to a worker.
 *
 * Owns: cloning them at the call, so that what cannot be cloned fails there and what changes later is not seen; and those that go to the
 * worker whole instead of being copied.
 */
import type { MessagePort } from "node:worker_threads";
import { describe, typeError } from "../errors.js";

/** What can move from one thread to another. */
export type Transferable = ArrayBuffer | MessagePort;

/** An argument that goes to the worker with what it is made of; see `transfer`. */
export class Transferred<T> {
  /** @internal */
  constructor(
    readonly value: T,
    readonly list: readonly Transferable[],
  ) {}
}

/**
 * Has an argument moved to a worker thread, instead of copied: the buffers and ports in `list` are unusable here afterwards. Processes get copies.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`
 */
export function transfer<T>(value: T, list: readonly Transferable[]): T {
  if (!Array.isArray(list))
    throw typeError("ERR_INVALID_ARG_TYPE", `the transfer list must be an array, not ${describe(list)}`);
  return new Transferred(value, list) as unknown as T;
}

/** Takes arguments apart: what they are, and what of it is to be moved. */
export function unwrapTransfers(args: readonly unknown[]): { values: unknown[]; list: Transferable[] } {
  return {
    values: args.map((arg) => (arg instanceof Transferred ? arg.value : arg)),
    list: args.flatMap((arg) => (arg instanceof Transferred ? arg.list : [])),
  };
}

/** Clones arguments, and moves what is to be moved. @throws DataCloneError */
export function transferListOf(args: readonly unknown[]): { args: unknown[]; transfer: Transferable[] | undefined } {
  const { values, list } = unwrapTransfers(args);
  const clone = structuredClone({ args: values, transfer: list }, { transfer: list as never[] });
  return list.length > 0 ? clone : { args: clone.args, transfer: undefined };
}
