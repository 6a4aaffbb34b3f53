/**
 * Tasks: coroutines side by side, as generators and as async functions, and what it costs to switch between them.
 */
import { CancelledError, type Coroutine, getRunningLoop, sleep } from "wasyncio";
import { check, milliseconds, withThousands } from "./words.js";

const SLEEPERS = 1000;
const TASKS = 100;
const TURNS = 5000;

/** Half of the tasks are generators, half are async functions; all sleep at the same time. */
export function* tasks(): Coroutine<string> {
  const loop = getRunningLoop();
  const start = loop.time();
  const asleep = Array.from({ length: SLEEPERS }, (_, index) =>
    index % 2 === 0 ? loop.createTask(sleepInGenerator(index)) : loop.createTask(() => sleepInAsyncFunction(index)),
  );
  let sum = 0;
  for (const task of asleep) sum += yield* task;
  check(sum === (SLEEPERS * (SLEEPERS - 1)) / 2, "every task returns its own result");
  return `${withThousands(SLEEPERS)} slept 50 ms each, side by side: ${milliseconds(loop.time() - start)} in all`;
}

/** A hundred tasks give way to each other. */
export function* switches(): Coroutine<string> {
  const loop = getRunningLoop();
  const start = loop.time();
  const busy = Array.from({ length: TASKS }, () => loop.createTask(giveWay(TURNS)));
  for (const task of busy) yield* task;
  const nanoseconds = ((loop.time() - start) / (TASKS * TURNS)) * 1e9;
  return `${withThousands(TASKS * TURNS)} among ${TASKS} tasks, ${nanoseconds.toFixed(0)} ns each`;
}

/** A cancellation arrives at the very point where a task waits, and the task may clean up. */
export function* cancellation(): Coroutine<string> {
  const loop = getRunningLoop();
  const cleaned: string[] = [];
  const generator = loop.createTask(function* () {
    try {
      yield* sleep(1e9);
    } finally {
      cleaned.push("a generator");
    }
  });
  const asyncFunction = loop.createTask(async () => {
    try {
      await sleep(1e9);
    } finally {
      cleaned.push("an async function");
    }
  });
  yield* sleep(0.005);
  for (const task of [generator, asyncFunction]) {
    task.cancel();
    try {
      yield* task;
    } catch (error) {
      if (!(error instanceof CancelledError)) throw error;
    }
  }
  check(generator.cancelled() && asyncFunction.cancelled(), "both tasks count as cancelled");
  return `${cleaned.join(" and ")} took one, and cleaned up`;
}

function* sleepInGenerator(result: number): Coroutine<number> {
  return yield* sleep(0.05, result);
}

async function sleepInAsyncFunction(result: number): Promise<number> {
  return await sleep(0.05, result);
}

function* giveWay(times: number): Coroutine<void> {
  for (let time = 0; time < times; time++) yield;
}
