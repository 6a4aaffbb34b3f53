/**
 * The tests that arguments of any public call are put to.
 *
 * Owns: refusing what would otherwise be ignored, such as keys that nobody knows; integers, bytes, options that are
 * true or false, AbortSignals, URLs of files, what texts are written to; telling the kinds of functions apart.
 *
 * Does not own: what one part alone takes, such as descriptors and addresses (`net/`).
 */
import { fileURLToPath } from "node:url";
import { types } from "node:util";
import { describe, messageOf, typeError, ValueError } from "./errors.js";

/** What an int of C can hold. */
export const INT_MIN = -0x80000000;
export const INT_MAX = 0x7fffffff;

/**
 * Tests that an options object has no key that `call` does not know.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE` if it is no object; `ERR_UNKNOWN_OPTION` for a key that nobody knows
 */
export function checkOptions(call: string, options: object, known: readonly string[]): void {
  checkOptionsObject(call, options);
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const all = known.join(", ");
    throw typeError("ERR_UNKNOWN_OPTION", `${call}() has no option ${JSON.stringify(key)}: it knows ${all}`);
  }
}

/** Tests that options are an object, where another call tests their names. @throws TypeError `ERR_INVALID_ARG_TYPE` */
export function checkOptionsObject(call: string, options: unknown): void {
  if (typeof options === "object" && options !== null) return;
  throw typeError("ERR_INVALID_ARG_TYPE", `The options of ${call}() must be an object, not ${describe(options)}`);
}

/**
 * Tests that options which make no sense beside another one are left out.
 *
 * @param reason Such as `sock is given`.
 * @throws ValueError `ERR_CONFLICTING_OPTIONS`
 */
export function checkAbsent(reason: string, options: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || value === null) continue;
    throw new ValueError("ERR_CONFLICTING_OPTIONS", `${name} cannot be given when ${reason}: leave one of them out`);
  }
}

/** @throws TypeError `ERR_INVALID_ARG_TYPE` */
export function checkBoolean(name: string, value: unknown): void {
  if (value === undefined || typeof value === "boolean") return;
  throw typeError("ERR_INVALID_ARG_TYPE", `The option ${name} must be true or false, not ${describe(value)}`);
}

/**
 * Answers the integer that was passed.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE` if it is no number
 * @throws ValueError `ERR_OUT_OF_RANGE` if it is no integer from `min` to `max`
 */
export function checkInteger(name: string, value: unknown, min: number, max: number): number {
  if (typeof value !== "number") {
    throw typeError("ERR_INVALID_ARG_TYPE", `${name} must be an integer, not ${describe(value)}`);
  }
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new ValueError("ERR_OUT_OF_RANGE", `${name} must be an integer from ${min} to ${max}, not ${value}`);
  }
  return value;
}

/** @throws TypeError `ERR_NOT_A_SIGNAL` */
export function checkAbortSignal(signal: unknown): void {
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw typeError("ERR_NOT_A_SIGNAL", `The option signal must be an AbortSignal, not ${describe(signal)}`);
}

/** Answers what texts are to be written to. @throws TypeError `ERR_INVALID_ARG_TYPE` */
export function checkFile<F extends { write(text: string): unknown }>(file: F): F {
  if (typeof file?.write === "function") return file;
  throw typeError("ERR_INVALID_ARG_TYPE", `The option file must have a method write, and ${describe(file)} has not`);
}

/**
 * Answers the bytes that were passed.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE` if they are no Uint8Array; a string must be encoded first
 */
export function checkBytes(name: string, value: unknown): Uint8Array {
  if (types.isUint8Array(value)) return value;
  const hint = typeof value === "string" ? ": encode it first, with Buffer.from" : "";
  throw typeError("ERR_INVALID_ARG_TYPE", `${name} must be a Uint8Array, not ${describe(value)}${hint}`);
}

/**
 * Answers the path of a URL.
 *
 * @throws ValueError `code` if it is none of a file here, such as one of http:
 */
export function checkFileUrl(name: string, url: URL, code: string): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw new ValueError(code, `${name} is ${url.href}, which is no file here (${messageOf(error)}): pass a path`);
  }
}

/** Whether it is a class, which throws when it is called. */
export function isClass(value: unknown): boolean {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

/** Whether calling it makes a coroutine or a promise, and does nothing more by itself. */
export function isCoroutineFunction(callback: unknown): boolean {
  return /^\[object (Async|Generator|AsyncGenerator)(Function)?\]$/.test(Object.prototype.toString.call(callback));
}
