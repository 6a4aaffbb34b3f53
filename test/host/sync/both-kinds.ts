/**
 * Tasks for the tests of locks and queues.
 *
 * Owns: one that awaits what it is given, as a generator or as an async function, and notes when it has.
 */
import type { EventLoop, Future, Task } from "../../../host/index.js";
import { runOnce } from "../loop/both-loops.js";

/** Both kinds of coroutine. */
export const KINDS = ["generator", "async function"] as const;
export type Kind = (typeof KINDS)[number];

/** A task that awaits what `make` returns, and then does something. */
export function awaiting<T, R>(
  loop: EventLoop,
  kind: Kind,
  make: () => Future<T>,
  then: (value: T) => R,
): Task<R | undefined> {
  return kind === "generator"
    ? loop.createTask(function* () {
        return then(yield* make());
      })
    : loop.createTask(async () => then(await make()));
}

/** Has the loop go through so many iterations. */
export async function iterate(loop: EventLoop, times = 3): Promise<void> {
  for (let iteration = 0; iteration < times; iteration++) await runOnce(loop);
}
