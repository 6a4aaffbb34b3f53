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

const unseen = new FinalizationRegistry<Unseen>(({ loop, kind, exception }) => {
  loop.callExceptionHandler({ message: `${kind} exception was never retrieved`, exception });
});

/** Has an exception reported if its future is lost before anybody looks at it. */
export function reportWhenLost<T>(future: Future<T>, exception: unknown): void {
  unseen.register(future, { loop: future._loop, kind: future.constructor.name, exception }, future);
}

/** Somebody looked at the exception. */
export function retrieved<T>(future: Future<T>): void {
  unseen.unregister(future);
}
