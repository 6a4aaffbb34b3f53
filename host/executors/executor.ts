/**
 * Executors: whatever runs functions elsewhere.
 *
 * Owns: the interface. Any object that has both methods may be a loop's default executor.
 *
 * From: CPython 3.11, concurrent.futures `Executor`.
 */
import type { Executable } from "./shipped-function.js";

/** Work that an executor was given: a promise that may be cancelled before it begins. */
export interface Submission<T> extends PromiseLike<T> {
  /** Takes it back. Returns false when it has begun, or cannot be taken back. */
  cancel?(): boolean;
}

/** How an executor ends. */
export interface ShutdownOptions {
  /** Whether the promise waits for the work that is left, and for the workers to end. True when left out. */
  wait?: boolean;
  /** Whether work that has not begun is cancelled. False when left out. */
  cancelFutures?: boolean;
}

/** Runs functions elsewhere. */
export interface Executor {
  /** Has `func` called with `args`. */
  submit<A extends unknown[], R>(func: Executable<A, R>, ...args: A): Submission<Awaited<R>>;
  /** Takes no more work, and ends when what it has is done. What it returns is waited for if it is a promise. */
  shutdown(options?: ShutdownOptions): PromiseLike<void> | void;
}
