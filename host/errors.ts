/**
 * The errors that wasyncio raises by itself.
 *
 * Owns: their classes and the rule that each has a stable `code`. CPython's ValueError is a RangeError here, its TypeError is TypeError,
 * its RuntimeError is a class of its own.
 *
 * Does not own: errors of the operating system (`sys/errors.ts`), which keep Node's codes.
 */
import { attempt, isError, nameOf, textOf } from "./show.js";

/** A value that is of the right type and yet unusable. */
export class ValueError extends RangeError {
  override readonly name = "ValueError";

  constructor(
    /** Stable; say this in code that tells errors apart. */
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** A call that makes no sense in the state that things are in. */
export class RuntimeError extends Error {
  override readonly name: string = "RuntimeError";

  constructor(
    /** Stable; say this in code that tells errors apart. */
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Something that this platform, or this kind of loop, does not have. */
export class UnsupportedError extends RuntimeError {
  override readonly name = "UnsupportedError";
}

/** Whether `value` is of the class. A Proxy may throw when it is asked, and what was thrown is asked where nobody could take that. */
function hasInstance(this: abstract new (...args: never[]) => unknown, value: unknown): boolean {
  return attempt(() => Function.prototype[Symbol.hasInstance].call(this, value), false);
}

/** A future or task was cancelled. Catch it only to clean up, and throw it on: a task that swallows it goes on living. */
export class CancelledError extends Error {
  /** @internal */ static override readonly [Symbol.hasInstance] = hasInstance;
  override readonly name = "CancelledError";
  readonly code = "ERR_CANCELLED";

  constructor(message = "") {
    // A task may be cancelled with whatever an AbortSignal was aborted with.
    super(typeof message === "string" ? message : textOf(message));
  }
}

/** A future was asked for what its state does not allow: a second result, or a result before there is one. */
export class InvalidStateError extends Error {
  override readonly name = "InvalidStateError";
  readonly code = "ERR_INVALID_STATE";
}

/** Something took longer than it was given. */
export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
  readonly code = "ERR_TIMEOUT";
}

/** A queue has nothing in it. */
export class QueueEmpty extends Error {
  override readonly name = "QueueEmpty";
  readonly code = "ERR_QUEUE_EMPTY";
}

/** A queue has no room. */
export class QueueFull extends Error {
  override readonly name = "QueueFull";
  readonly code = "ERR_QUEUE_FULL";
}

/** A queue is shut down: it takes no items any more, or has none any more. */
export class QueueShutDown extends Error {
  override readonly name = "QueueShutDown";
  readonly code = "ERR_QUEUE_SHUT_DOWN";
}

/** A barrier was reset or aborted. */
export class BrokenBarrierError extends RuntimeError {
  override readonly name = "BrokenBarrierError";

  constructor(message: string) {
    super("ERR_BROKEN_BARRIER", message);
  }
}

/** A stream has ended before all was there that was asked for. */
export class IncompleteReadError extends Error {
  override readonly name = "IncompleteReadError";
  readonly code = "ERR_INCOMPLETE_READ";

  constructor(
    /** What was there. */
    readonly partial: Buffer,
    /** How many bytes were asked for, or null for as many as there are up to a separator. */
    readonly expected: number | null,
  ) {
    super(`${partial.length} bytes read on a total of ${expected ?? "undefined"} expected bytes`);
  }
}

/** A separator was not found within a reader's limit. What was looked through is still there to be read. */
export class LimitOverrunError extends Error {
  override readonly name = "LimitOverrunError";
  readonly code = "ERR_LIMIT_OVERRUN";

  constructor(
    message: string,
    /** How many bytes are there that the separator does not begin in. */
    readonly consumed: number,
  ) {
    super(message);
  }
}

/**
 * An error that no exception handler sees: thrown in a callback or a task, it ends the run at once and is what `runForever` throws.
 * The callbacks that were still to run stay queued, for the next run.
 */
export class FatalError extends Error {
  /** @internal */ static override readonly [Symbol.hasInstance] = hasInstance;
  override readonly name: string = "FatalError";
}

/** The user asked the program to end. */
export class KeyboardInterrupt extends FatalError {
  override readonly name = "KeyboardInterrupt";
}

/** The program asked to end. */
export class SystemExit extends FatalError {
  override readonly name = "SystemExit";
}

/** Makes a TypeError with a stable `code`. */
export function typeError(code: string, message: string): TypeError & { readonly code: string } {
  return Object.assign(new TypeError(message), { code });
}

/** Says in a few words what a value is, for messages: `a string`, `null`, `an instance of Foo`. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "number") return `the number ${value}`;
  if (typeof value === "function") return `the function ${nameOf(value as () => void) || "(anonymous)"}`;
  if (typeof value !== "object") return `a ${typeof value}`;
  const name = attempt(() => value.constructor?.name, undefined);
  return name ? `an instance of ${name}` : "an object";
}

/** The message of whatever was thrown. There are values that cannot be made text of, such as objects without a prototype. */
export function messageOf(error: unknown): string {
  return attempt(() => (isError(error) ? `${error.message}` : null), null) ?? textOf(error);
}
