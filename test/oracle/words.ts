/**
 * The words in which traces tell of values, errors and futures; `words.py` has the same.
 *
 * Owns: those words, and `Boom`, the error that programs raise.
 *
 * Differs: Python's None is `null` in a program, `undefined` or `null` in a future, and "none" in a trace.
 */
import { CancelledError, ExceptionGroup, type Future } from "../../host/index.js";
import type { Value } from "./program.js";

/** What programs raise. */
export class Boom extends Error {
  override readonly name = "Boom";
}

/** Names an error as traces do: its class, then what the program said about it, if it did. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof ExceptionGroup) return `${error.name} ${show(error.errors)}`;
  const own = (error instanceof Boom || error instanceof CancelledError) && error.message !== "";
  return own ? `${error.name} ${error.message}` : error.name;
}

/** A value as traces write it. */
export function show(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (value instanceof Error) return describe(value);
  return value === null || value === undefined ? "none" : String(value);
}

/** The state of a future in a few words: `pending`, `cancelled`, `result 5` or `exception Boom m1`. */
export function stateOf(future: Future<Value>): string {
  if (!future.done()) return "pending";
  if (future.cancelled()) return "cancelled";
  const error = future.exception();
  return error === null ? `result ${show(future.result())}` : `exception ${describe(error)}`;
}
