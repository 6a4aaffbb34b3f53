/** What is done with locks, queues and the like, at once or as the steps of coroutines. */
import fc from "fast-check";
import {
  Barrier,
  Condition,
  type Coroutine,
  Event,
  FatalError,
  Future,
  Lock,
  PriorityQueue,
  Queue,
  Semaphore,
  sleep,
  taskGroup,
  timeout,
} from "../../host/index.js";
import { type TaskBody, taskBody } from "./task-bodies.js";
import { junk } from "./values.js";
import { Planted, pick, type World } from "./world.js";

/** One of a pool, chosen by a number; a new one while there is none. */
function oneOf<T>(pool: T[], number: number, make: () => T): T {
  if (pool.length === 0) pool.push(make());
  return pick(pool, number) as T;
}

export function lockOf({ locks }: World, number: number): Lock {
  return oneOf(locks, number, () => new Lock());
}

export function conditionOf(world: World, number: number): Condition {
  return oneOf(world.conditions, number, () => new Condition(lockOf(world, number)));
}

export function semaphoreOf({ semaphores }: World, number: number): Semaphore {
  return oneOf(semaphores, number, () => new Semaphore());
}

const eventOf = ({ events }: World, number: number): Event => oneOf(events, number, () => new Event());

const barrierOf = ({ barriers }: World, number: number): Barrier => oneOf(barriers, number, () => new Barrier(2));

export function queueOf({ queues }: World, number: number): Queue {
  return oneOf(queues, number, () => new Queue(1));
}

/** By default the items of a priority queue are compared with `<`, which throws what it likes for much of what is none. */
function itemFor(queue: Queue, value: unknown): unknown {
  return queue instanceof PriorityQueue && typeof value !== "number" ? 1 : value;
}

/** Answers something true after so many calls, or throws; or is no function. */
function predicateOf(value: unknown): () => unknown {
  if (value === "text") {
    return () => {
      throw new Planted("in a predicate");
    };
  }
  if (typeof value !== "number") return value as never;
  let left = value;
  return () => left-- <= 0;
}

function* turn(): Coroutine<void> {
  yield* sleep(0.0002);
}

/** Each returns what can be waited for, or nothing. */
const moves: Record<string, (world: World, number: number, value: unknown) => unknown> = {
  "lock.acquire": (world, number) => lockOf(world, number).acquire(),
  "lock.release": (world, number) => lockOf(world, number).release(),
  "lock.with": (world, number) => lockOf(world, number).with(turn),
  "condition.acquire": (world, number) => conditionOf(world, number).acquire(),
  "condition.release": (world, number) => conditionOf(world, number).release(),
  "condition.wait": (world, number) => conditionOf(world, number).wait(),
  "condition.waitFor": (world, number, value) => conditionOf(world, number).waitFor(predicateOf(value)),
  "condition.notify": (world, number, value) => conditionOf(world, number).notify(value as never),
  "condition.notifyAll": (world, number) => conditionOf(world, number).notifyAll(),
  "semaphore.acquire": (world, number) => semaphoreOf(world, number).acquire(),
  "semaphore.release": (world, number) => semaphoreOf(world, number).release(),
  "semaphore.with": (world, number) => semaphoreOf(world, number).with(turn),
  "event.wait": (world, number) => eventOf(world, number).wait(),
  "event.set": (world, number) => eventOf(world, number).set(),
  "event.clear": (world, number) => eventOf(world, number).clear(),
  "barrier.wait": (world, number) => barrierOf(world, number).wait(),
  "barrier.reset": (world, number) => barrierOf(world, number).reset(),
  "barrier.abort": (world, number) => barrierOf(world, number).abort(),
  "queue.put": (world, number, value) => {
    const queue = queueOf(world, number);
    return queue.put(itemFor(queue, value));
  },
  "queue.putNowait": (world, number, value) => {
    const queue = queueOf(world, number);
    queue.putNowait(itemFor(queue, value));
  },
  "queue.get": (world, number) => queueOf(world, number).get(),
  "queue.getNowait": (world, number) => queueOf(world, number).getNowait(),
  "queue.taskDone": (world, number) => queueOf(world, number).taskDone(),
  "queue.join": (world, number) => queueOf(world, number).join(),
  taskGroup: () =>
    taskGroup(function* (group) {
      group.createTask(turn);
      yield* turn();
    }),
  timeout: (_world, number) => timeout(number / 10_000, turn),
};

/** One of the moves. */
export interface Move {
  readonly do: string;
  readonly number: number;
  readonly value: unknown;
}

export const move: fc.Arbitrary<Move> = fc.record({
  do: fc.constantFrom(...Object.keys(moves)),
  // Few of each kind, so that they meet.
  number: fc.nat({ max: 2 }),
  value: fc.oneof({ weight: 3, arbitrary: fc.nat({ max: 3 }) }, { weight: 1, arbitrary: junk }),
});

/** Does it. What it returns is nobody's yet. */
export function makeMove(world: World, { do: what, number, value }: Move): Future<unknown> | undefined {
  const result = moves[what]?.(world, number, value);
  return result instanceof Future ? result : undefined;
}

/** A move, and whether its end is waited for, or its error is swallowed, or it goes on by itself. */
type Step = Move & { readonly how: "await" | "swallow" | "leave" };

const step: fc.Arbitrary<Step> = fc
  .tuple(
    move,
    fc.oneof(
      { weight: 4, arbitrary: fc.constant("await" as const) },
      { weight: 1, arbitrary: fc.constantFrom("swallow" as const, "leave" as const) },
    ),
  )
  .map(([one, how]) => ({ ...one, how }));

const moveBody: fc.Arbitrary<TaskBody> = fc
  .record({ form: fc.constantFrom("generator" as const, "async" as const), steps: fc.array(step, { maxLength: 6 }) })
  .map(({ form, steps }) => ({
    form,
    steps,
    of: (world) => (form === "generator" ? () => generator(world, steps) : () => asyncFunction(world, steps)),
  }));

/** A coroutine of moves, or any other. */
export const anyBody: fc.Arbitrary<TaskBody> = fc.oneof(
  { weight: 3, arbitrary: moveBody },
  { weight: 1, arbitrary: taskBody },
);

function* generator(world: World, steps: readonly Step[]): Coroutine<unknown> {
  for (const one of steps) {
    try {
      const future = makeMove(world, one);
      if (one.how === "leave") world.keep(future);
      else if (future !== undefined) yield* future;
    } catch (error) {
      if (one.how !== "swallow" || error instanceof FatalError) throw error;
    }
  }
  return steps.length;
}

async function asyncFunction(world: World, steps: readonly Step[]): Promise<unknown> {
  for (const one of steps) {
    try {
      const future = makeMove(world, one);
      if (one.how === "leave") world.keep(future);
      else await future;
    } catch (error) {
      if (one.how !== "swallow" || error instanceof FatalError) throw error;
    }
  }
  return steps.length;
}

/** What runs in a lock, in a group or within a time limit: a function of any kind, or none. */
export interface BodyKind {
  readonly as: "generator function" | "function" | "junk" | "returns junk";
  readonly work: TaskBody;
  readonly junk: unknown;
}

export const bodyKind: fc.Arbitrary<BodyKind> = fc.record({
  as: fc.oneof(
    { weight: 4, arbitrary: fc.constant("generator function" as const) },
    { weight: 4, arbitrary: fc.constant("function" as const) },
    { weight: 1, arbitrary: fc.constantFrom("junk" as const, "returns junk" as const) },
  ),
  work: anyBody,
  junk,
});

/** Makes the function, which calls another one first. */
export function bodyOf<A extends unknown[]>(
  world: World,
  { as, work, junk }: BodyKind,
  first: (...args: A) => void,
): (...args: A) => never {
  if (as === "junk") return junk as never;
  const made = work.of(world);
  if (as === "generator function") {
    return function* (...args: A) {
      first(...args);
      if (work.form === "generator") return yield* made() as Coroutine<unknown>;
      yield* turn();
      return null;
    } as never;
  }
  return ((...args: A) => {
    first(...args);
    return as === "function" ? made() : junk;
  }) as never;
}
