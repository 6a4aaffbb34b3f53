/**
 * Exceptions that nobody looked at.
 *
 * Owns: telling the exception handler of each when its future or task is lost to the garbage collector. In debug mode it is
 * told also what the future or task was, as a text, because there is no object any more.
 *
 * CPython 3.11, futures.py `__del__`.
 */
import type { EventLoop } from "../loop/event-loop.js";
import { sourceOf } from "../scheduler/source.js";
import type { Future } from "./future.js";

interface Unseen {
  readonly loop: EventLoop;
  readonly kind: string;
  readonly exception: unknown;
  /** In debug mode: what is added to what the exception handler is told. */
  readonly more: { readonly future: string; readonly sourceTraceback?: string } | null;
}

/** Futures that may be fresh at a time. */
const FRESH_MAX = 1000;

const unseen = new FinalizationRegistry<Unseen>(({ loop, kind, exception, more }) => {
  loop.callExceptionHandler({ message: `${kind} exception was never retrieved`, exception, ...more });
});

/** Those that have failed just now. Most are looked at soon, and then nothing needs to be done for them. */
let fresh: Future[] = [];

/** Has a future's exception reported if it is lost before anybody looks at it. */
export function reportWhenLost(future: Future): void {
  if (fresh.length === 0) setImmediate(registerUnseen).unref();
  else if (fresh.length === FRESH_MAX) registerUnseen();
  fresh.push(future);
}

/** Somebody looked at the exception. */
export function retrieved<T>(future: Future<T>): void {
  unseen.unregister(future);
}

function registerUnseen(): void {
  for (const future of fresh) {
    if (future._retrieved) continue;
    const { _loop: loop, _exception: exception } = future;
    // Until its stack is asked for, an error holds on to the objects whose methods were running when it was made; the task is one of them, and would
    // never be lost.
    void (exception as Error | undefined)?.stack;
    const more = loop.getDebug() ? debugDetails(future) : null;
    unseen.register(future, { loop, kind: future.constructor.name, exception, more }, future);
  }
  fresh = [];
}

function debugDetails(future: Future): Unseen["more"] {
  const sourceTraceback = sourceOf(future);
  return sourceTraceback === null ? { future: String(future) } : { future: String(future), sourceTraceback };
}
