/**
 * Words for what users pass and throw. They never fail: whoever is told of something could not help it.
 *
 * Owns: values in messages, also those whose own ways to show them throw; the names of functions; making an error of whatever was thrown;
 * asking for what may throw.
 *
 * From: CPython 3.11: reprlib, for which a `__repr__` that raises is a word of its own too.
 */
import { type InspectOptions, inspect, types } from "node:util";

const CANNOT_BE_SHOWN = "<cannot be shown>";

/** The value as `util.inspect` shows it; of an error that cannot be shown that way its name and message. */
export function show(value: unknown, options: InspectOptions = {}): string {
  return attempt(() => inspect(value, options), null) ?? attempt(() => headOf(value), null) ?? CANNOT_BE_SHOWN;
}

function headOf(value: unknown): string | null {
  return isError(value) ? `${value.name}: ${value.message}` : null;
}

/** The name of a function, or "" if it has none that is a text. */
export function nameOf(callback: (...args: never[]) => unknown): string {
  return attempt(() => (typeof callback.name === "string" ? callback.name : ""), "");
}

/** The value as `String` has it, or else as `show` does. */
export function textOf(value: unknown): string {
  return attempt(() => String(value), null) ?? show(value);
}

/** Whatever was thrown, as an error: one that is none becomes the cause of one. */
export function asError(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error(textOf(thrown), { cause: thrown });
}

/** Whether it is an Error, also one of another realm, as Node's own are in jest. A Proxy may throw when it is asked. */
export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || attempt(() => value instanceof Error, false);
}

/** What `read` answers, or `otherwise` if it throws. */
export function attempt<T, O>(read: () => T, otherwise: O): T | O {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
