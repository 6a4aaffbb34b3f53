/**
 * Exceptions that nobody looked at.
 *
 * Owns: telling the exception handler of each when its future or task is lost to the garbage collector.
 *
 * CPython 3.11, futures.py `__del__`.
 */
import type { EventLoop } from "../loop/event-loop.js";
import type { Future } from "./future.js";

interface Unseen {
  readonly loop: EventLoop;
  readonly kind: string;
  readonly exception: unknown;
}

/** Futures that may be fresh at a time. */
const FRESH_MAX = 1000;

const unseen = new FinalizationRegistry<Unseen>(({ loop, kind, exception }) => {
  loop.callExceptionHandler({ message: `${kind} exception was never retrieved`, exception });
});

/** Those that have failed just now. Most are looked at soon, and then what `letGoOfFrames` does would be done for nothing. */
let fresh: Future[] = [];

/** Has an exception reported if its future is lost before anybody looks at it. */
export function reportWhenLost<T>(future: Future<T>, exception: unknown): void {
  unseen.register(future, { loop: future._loop, kind: future.constructor.name, exception }, future);
  if (fresh.length === 0) setImmediate(letGoOfFrames).unref();
  else if (fresh.length === FRESH_MAX) letGoOfFrames();
  fresh.push(future);
}

/** Somebody looked at the exception. */
export function retrieved<T>(future: Future<T>): void {
  unseen.unregister(future);
}

/**
 * Until its stack is asked for, an error holds on to the objects whose methods were running when it was made; the task is one of them,
 * and would never be lost.
 */
function letGoOfFrames(): void {
  for (const future of fresh) if (!future._retrieved) void (future._exception as Error | undefined)?.stack;
  fresh = [];
}
