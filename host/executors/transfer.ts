/**
 * Arguments on their way to a worker.
 *
 * Owns: cloning them at the call, so that what cannot be cloned fails there and what changes later is not seen; and those that go to the
 * worker whole instead of being copied. A process takes less than a thread does: its channel shares no memory and knows no classes of Node.
 */
import { deserialize, serialize } from "node:v8";
import type { MessagePort } from "node:worker_threads";
import { describe, messageOf, typeError } from "../errors.js";

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
 * Has an argument moved to a worker thread, instead of copied: the buffers and ports in `list` are unusable here
 * afterwards. Processes get copies.
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

/** Arguments that are ready to be sent. */
export interface SentArguments {
  readonly args: unknown[];
  /** What is moved to the worker; undefined where there is nothing. */
  readonly transfer: Transferable[] | undefined;
}

/** For a thread: clones arguments, and moves what is to be moved. @throws TypeError `ERR_NOT_CLONEABLE` */
export function forThread(args: readonly unknown[]): SentArguments {
  const { values, list } = unwrapTransfers(args);
  const clone = cloned(
    () => structuredClone({ args: values, transfer: list }, { transfer: list as never[] }),
    "thread",
  );
  return list.length > 0 ? clone : { args: clone.args, transfer: undefined };
}

/** For a process: clones arguments as its channel will, and leaves what is to be moved unusable. @throws TypeError `ERR_NOT_CLONEABLE` */
export function forProcess(args: readonly unknown[]): SentArguments {
  const { values, list } = unwrapTransfers(args);
  // There are values that can be written, and not read again.
  const clones = cloned(() => deserialize(serialize(values)) as unknown[], "process");
  cloned(() => structuredClone(null, { transfer: list as never[] }), "process");
  return { args: clones, transfer: undefined };
}

function cloned<T>(clone: () => T, kind: "thread" | "process"): T {
  try {
    return clone();
  } catch (error) {
    const [why] = messageOf(error).split("\n");
    throw Object.assign(
      typeError("ERR_NOT_CLONEABLE", `an argument cannot be sent to a ${kind} (${why}): pass plain data`),
      {
        cause: error,
      },
    );
  }
}
