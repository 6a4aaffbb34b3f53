/**
 * Tasks for the tests of locks and queues.
 *
 * Owns: one that awaits what it is given, as a generator or as an async function, and notes when it has; and one body as both kinds of coroutine.
 */
import { type Coroutine, type EventLoop, type Future, sleep, type Task } from "../../../host/index.js";
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

/** The same function as a generator function or as an async one, which awaits what the other yields. */
export function ofKind<T, A extends unknown[]>(
  kind: Kind,
  body: (...args: A) => Coroutine<T>,
): (...args: A) => Coroutine<T> | Promise<T> {
  return kind === "generator" ? body : async (...args) => await driven(body(...args));
}

/** What to `yield*` in a generator so that those of a kind go on who can: generators do in the next iteration, async functions soon after. */
export function* goOn(kind: Kind): Coroutine<void> {
  for (let iterations = kind === "generator" ? 1 : 3; iterations > 0; iterations--) yield;
}

/** The error with which a future ends. Fails if it does not. */
export function* failureOf(future: Future): Coroutine<Error & { code?: string }> {
  try {
    yield* future;
  } catch (error) {
    return error as Error;
  }
  throw new Error("the future did not fail");
}

async function driven<T>(coroutine: Coroutine<T>): Promise<T> {
  let step = coroutine.next();
  while (!step.done) {
    let value: unknown;
    try {
      value = await (step.value ?? sleep(0));
    } catch (error) {
      step = coroutine.throw(error);
      continue;
    }
    step = coroutine.next(value);
  }
  return step.value;
}
