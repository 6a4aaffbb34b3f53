/** Operations on locks, events, conditions, semaphores, barriers and queues. */
import fc from "fast-check";
import {
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  LifoQueue,
  Lock,
  PriorityQueue,
  Queue,
  Semaphore,
  Task,
} from "../../host/index.js";
import { type Kind, kind } from "./operation.js";
import { anyBody, bodyKind, bodyOf, conditionOf, lockOf, makeMove, move, semaphoreOf } from "./sync-moves.js";
import { choice, junk } from "./values.js";
import { Planted, pick, type World } from "./world.js";

/** Small numbers, and what is none. */
const size = fc.oneof({ weight: 3, arbitrary: fc.nat({ max: 3 }) }, { weight: 1, arbitrary: junk });

const queueKind = fc.constantFrom("Queue", "LifoQueue", "PriorityQueue", "throws", "NaN", "junk");

function newQueue(what: string, maxsize: unknown, other: unknown): Queue {
  const size = maxsize as number;
  if (what === "Queue") return new Queue(size);
  if (what === "LifoQueue") return new LifoQueue(size);
  if (what === "PriorityQueue") return new PriorityQueue(size);
  if (what === "junk") return new PriorityQueue(size, other as never);
  return new PriorityQueue(size, () => {
    if (what === "throws") throw new Planted("in compare");
    return Number.NaN;
  });
}

const nothing = (): void => {};

export const syncOperations: Record<string, Kind> = {
  Lock: kind([], ({ locks }) => locks.push(new Lock())),
  Condition: kind([fc.oneof(fc.constant("own"), fc.record({ lock: choice }), junk)], (world, value) => {
    const number = (value as { lock?: number } | null | undefined)?.lock;
    const lock = typeof number === "number" ? lockOf(world, number) : value;
    world.conditions.push(value === "own" ? new Condition() : new Condition(lock as Lock));
  }),
  Event: kind([], ({ events }) => events.push(new Event())),
  Semaphore: kind([size], ({ semaphores }, value) => semaphores.push(new Semaphore(value as number))),
  BoundedSemaphore: kind([size], ({ semaphores }, value) => semaphores.push(new BoundedSemaphore(value as number))),
  Barrier: kind([size], ({ barriers }, parties) => barriers.push(new Barrier(parties as number))),
  Queue: kind([queueKind, size, junk], ({ queues }, what, maxsize, other) =>
    queues.push(newQueue(what, maxsize, other)),
  ),
  "one move": kind([move], (world, one) => world.keep(makeMove(world, one)), 6),
  "a move that nobody waits for": kind([move], (world, one) => void makeMove(world, one)?.cancel(), 1),
  "a task of moves": kind(
    [anyBody],
    (world, body) => {
      const task = world.loop.createTask(body.of(world));
      if (task instanceof Task) world.tasks.push(task);
      task.then(null, (error: unknown) => world.judge("a task of moves", error));
    },
    6,
  ),
  with: kind(
    [fc.constantFrom("lock", "condition", "semaphore"), choice, bodyKind],
    (world, what, number, body) => {
      const whose = what === "lock" ? lockOf : what === "condition" ? conditionOf : semaphoreOf;
      world.keep(whose(world, number).with(bodyOf(world, body, nothing)));
    },
    3,
  ),
  "synchronizer.toString": kind([choice], (world, number) => asWords(world, number)),
};

function asWords(world: World, number: number): string[] {
  const { locks, conditions, events, semaphores, barriers, queues } = world;
  return [locks, conditions, events, semaphores, barriers, queues].map((pool) => String(pick<unknown>(pool, number)));
}
