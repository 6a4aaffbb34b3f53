/** Operations on loops, handles, futures and tasks. */
import fc from "fast-check";
import {
  allTasks,
  currentTask,
  ensureFuture,
  type Future,
  gather,
  getRunningLoop,
  run,
  shield,
  sleep,
  Task,
  wait,
  waitFor,
} from "../../host/index.js";
import { type Kind, kind } from "./operation.js";
import { taskBody } from "./task-bodies.js";
import { choice, delay, junk } from "./values.js";
import { Planted, pick, type World } from "./world.js";

/** Callbacks that do nothing, that throw, and what is no callback. */
const callback: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: fc.constant("nothing") },
  { weight: 2, arbitrary: fc.constant("throws") },
  { weight: 1, arbitrary: junk },
);

function callbackOf(value: unknown): never {
  if (value === "nothing") return (() => {}) as never;
  if (value !== "throws") return value as never;
  return (() => {
    throw new Planted("in a callback");
  }) as never;
}

/** A future or task of the pools, one of another loop, or what is none. */
export const awaited: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ future: choice }) },
  { weight: 3, arbitrary: fc.record({ task: choice }) },
  { weight: 1, arbitrary: fc.constant("foreign") },
  { weight: 1, arbitrary: fc.constant("promise") },
  { weight: 1, arbitrary: fc.constant("rejection") },
  { weight: 1, arbitrary: junk },
);

export function awaitedOf(world: World, value: unknown): never {
  if (value === "foreign") return world.foreign.createFuture() as never;
  if (value === "promise") return Promise.resolve("promised") as never;
  if (value === "rejection") {
    const rejected = Promise.reject(new Planted("rejected"));
    // A call that refuses something else does not come to look at it.
    rejected.catch(() => {});
    return rejected as never;
  }
  if (value === null || typeof value !== "object") return value as never;
  const { future, task } = value as { future?: number; task?: number };
  const pool = typeof future === "number" ? world.futures : typeof task === "number" ? world.tasks : null;
  if (pool === null) return value as never;
  if (world.futures.length === 0) world.futures.push(world.loop.createFuture());
  return (pick<Future>(pool, future ?? task ?? 0) ?? world.futures[0]) as never;
}

const withSettable = (world: World, number: number, action: (future: Future) => unknown): unknown => {
  const future = pick(world.settable, number);
  return future === undefined ? undefined : action(future);
};

const withFuture = (world: World, number: number, action: (future: Future) => unknown): unknown => {
  const future = pick(world.futures, number);
  return future === undefined ? undefined : action(future);
};

const withTask = (world: World, number: number, action: (task: Task) => unknown): unknown => {
  const task = pick(world.tasks, number);
  return task === undefined ? undefined : action(task);
};

export const loopOperations: Record<string, Kind> = {
  callSoon: kind(
    [callback, fc.array(junk, { maxLength: 3 })],
    ({ loop, handles }, what, args) => handles.push(loop.callSoon(callbackOf(what), ...(args as never[]))),
    3,
  ),
  callSoonThreadsafe: kind([callback], ({ loop, handles }, what) =>
    handles.push(loop.callSoonThreadsafe(callbackOf(what))),
  ),
  callLater: kind(
    [delay, callback],
    ({ loop, handles }, seconds, what) => handles.push(loop.callLater(seconds as never, callbackOf(what))),
    3,
  ),
  callAt: kind([delay, callback], ({ loop, handles }, seconds, what) =>
    handles.push(loop.callAt(seconds as never, callbackOf(what))),
  ),
  "handle.cancel": kind([choice], (world, number) => pick(world.handles, number)?.cancel(), 3),
  "handle.toString": kind([choice], (world, number) => String(pick(world.handles, number))),
  createFuture: kind(
    [],
    (world) => {
      const future = world.loop.createFuture();
      world.futures.push(future);
      world.settable.push(future);
    },
    2,
  ),
  "future.setResult": kind(
    [choice, junk],
    (world, number, value) => withSettable(world, number, (future) => future.setResult(value)),
    3,
  ),
  "future.setException": kind([choice, fc.oneof(fc.constant("planted"), junk)], (world, number, value) =>
    withSettable(world, number, (future) => {
      future.setException((value === "planted" ? new Planted("set") : value) as never);
      future.exception();
    }),
  ),
  "future.cancel": kind(
    [choice, fc.option(fc.string())],
    (world, number, message) => withFuture(world, number, (future) => future.cancel(message ?? undefined)),
    2,
  ),
  "future.result": kind([choice], (world, number) =>
    withFuture(world, number, (future) => [future.exception(), future.result()]),
  ),
  "future.addDoneCallback": kind(
    [choice, callback],
    (world, number, what) => withFuture(world, number, (future) => future.addDoneCallback(callbackOf(what))),
    3,
  ),
  "future.removeDoneCallback": kind([choice, junk], (world, number, what) =>
    withFuture(world, number, (future) => future.removeDoneCallback(what as never)),
  ),
  "future.then": kind([choice], (world, number) =>
    withFuture(world, number, (future) => future.then(null, (error: unknown) => world.judge("then", error))),
  ),
  "future.toString": kind([choice], (world, number) => withFuture(world, number, String)),
  createTask: kind(
    [taskBody, fc.option(junk)],
    (world, body, name) => {
      const options = name === null ? {} : { name: name as string };
      const task = world.loop.createTask(body.of(world), options);
      if (task instanceof Task) world.tasks.push(task);
      task.then(null, (error: unknown) => world.judge("a task", error));
    },
    5,
  ),
  "createTask of junk": kind([junk], ({ loop }, body) => loop.createTask(body as never)),
  "task.cancel": kind(
    [choice, fc.option(fc.string())],
    (world, number, message) => withTask(world, number, (task) => task.cancel(message ?? undefined)),
    3,
  ),
  "task.uncancel": kind([choice], (world, number) =>
    withTask(world, number, (task) => [task.cancelling(), task.uncancel()]),
  ),
  "task.signal": kind([choice], (world, number) => withTask(world, number, (task) => task.signal.aborted)),
  "task.setName": kind([choice, fc.string()], (world, number, name) =>
    withTask(world, number, (task) => [task.setName(name), String(task)]),
  ),
  "task.setResult": kind([choice], (world, number) => withTask(world, number, (task) => task.setResult(1 as never))),
  gather: kind([fc.array(awaited, { maxLength: 4 }), fc.boolean()], (world, values, returnExceptions) =>
    world.keep(gather(values.map((value) => awaitedOf(world, value)) as never, { returnExceptions }) as never),
  ),
  shield: kind([awaited], (world, value) => world.keep(shield(awaitedOf(world, value)))),
  wait: kind([fc.array(awaited, { maxLength: 4 }), delay], (world, values, timeout) =>
    world.keep(
      wait(
        values.map((value) => awaitedOf(world, value)),
        { timeout: timeout as never },
      ) as never,
    ),
  ),
  waitFor: kind([awaited, delay], (world, value, timeout) =>
    world.keep(waitFor(awaitedOf(world, value), timeout as never)),
  ),
  ensureFuture: kind([awaited], (world, value) =>
    world.keep(ensureFuture(awaitedOf(world, value), { loop: world.loop })),
  ),
  sleep: kind([delay], (world, seconds) => {
    const future = sleep(seconds as never);
    world.settable.push(future);
    world.keep(future);
  }),
  stop: kind([], ({ loop }) => loop.stop()),
  "runForever again": kind([], ({ loop }) => (loop.isRunning() ? loop.runForever() : undefined)),
  "runUntilComplete again": kind([junk], ({ loop }, value) =>
    loop.isRunning() ? loop.runUntilComplete(value as never) : undefined,
  ),
  "run within": kind([], ({ loop }) => (loop.isRunning() ? run(async () => {}) : undefined)),
  "close while running": kind([], ({ loop }) => (loop.isRunning() ? loop.close() : undefined)),
  setDebug: kind([fc.boolean()], ({ loop }, enabled) => loop.setDebug(enabled)),
  setExceptionHandler: kind([junk], (world, handler) => {
    world.loop.setExceptionHandler(handler as never);
    world.loop.setExceptionHandler(world.onError);
  }),
  setTaskFactory: kind([fc.oneof(fc.constant("own"), fc.constant("junk"), junk)], (world, factory) => {
    if (factory === "own")
      world.loop.setTaskFactory(
        (loop, body, options) => new Task(loop, body, { ...options, name: "made by a factory" }),
      );
    else if (factory === "junk") {
      world.loop.setTaskFactory((() => 1) as never);
      try {
        world.loop.createTask(async () => {});
      } finally {
        world.loop.setTaskFactory(null);
      }
    } else world.loop.setTaskFactory(factory as never);
  }),
  "who am I": kind([], ({ loop }) => [allTasks(loop), currentTask(loop), currentTask(), getRunningLoop()]),
};
