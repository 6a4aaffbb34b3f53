/**
 * One body, two arms: a test of the loop runs on an EventLoop and on a VirtualEventLoop.
 *
 * Owns: making the loop, and failing a test that leaves something behind: slots of the core, descriptors, native callbacks.
 *
 * Does not own: what only one of the two can do: `onReal` and `onVirtual` of a suite take such tests.
 */
import type { Test } from "uvu";
import * as assert from "uvu/assert";
import { type Coroutine, EventLoop } from "../../../host/index.js";
import type { ExceptionContext } from "../../../host/loop/exception-handler.js";
import { VirtualEventLoop } from "../../../host/testing.js";
import { checkNoLeaks } from "../../support/leaks.js";

/** A test: gets a loop that does not run and is closed afterwards. */
export type Body = (loop: EventLoop) => void | Promise<void>;

/** What a test may say of itself. */
export interface TestOptions {
  /** Whether callbacks, timers, futures or tasks are still pending at the end. */
  leavesPending?: boolean;
}

/** A suite whose tests run on each kind of loop. */
export interface LoopSuite {
  (name: string, body: Body, options?: TestOptions): void;
  onReal(name: string, body: Body, options?: TestOptions): void;
  onVirtual(name: string, body: Body, options?: TestOptions): void;
  run(): void;
}

/** Makes such a suite of one of uvu's. */
export function bothLoops(suite: Test): LoopSuite {
  const onReal = (name: string, body: Body, options: TestOptions = {}): void =>
    suite(`${name} (real)`, () => onLoop(() => new EventLoop(), body, options));
  const onVirtual = (name: string, body: Body, options: TestOptions = {}): void =>
    suite(`${name} (virtual)`, () => onLoop(() => new VirtualEventLoop(), body, options));
  const onBoth = (name: string, body: Body, options?: TestOptions): void => {
    onReal(name, body, options);
    onVirtual(name, body, options);
  };
  return Object.assign(onBoth, { onReal, onVirtual, run: () => suite.run() });
}

/** Runs the loop until `seconds` have passed on its clock. */
export async function runFor(loop: EventLoop, seconds: number): Promise<void> {
  loop.callLater(seconds, () => loop.stop());
  await loop.runForever();
}

/** Runs a coroutine on the loop to its end. */
export function within<T>(loop: EventLoop, body: () => Coroutine<T> | PromiseLike<T>): Promise<T> {
  return loop.runUntilComplete(loop.createTask(body));
}

/** Runs one iteration: what is ready now, and no more. */
export async function runOnce(loop: EventLoop): Promise<void> {
  loop.stop();
  await loop.runForever();
}

/** Collects what the loop's exception handler is told, instead of having it printed. */
export function contextsOf(loop: EventLoop): ExceptionContext[] {
  const contexts: ExceptionContext[] = [];
  loop.setExceptionHandler((_loop, context) => contexts.push(context));
  return contexts;
}

/** The error with which a promise rejects. Fails if it does not. */
export async function rejection(promise: PromiseLike<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("the promise was not rejected");
}

/** Counts iterations, from the first that begins after the call. Until it is stopped the loop always has something to do, so virtual time stands still. */
export function countIterations(loop: EventLoop): { count: number; stop(): void } {
  let handle = loop.callSoon(next);
  const counter = { count: 0, stop: () => handle.cancel() };
  function next(): void {
    counter.count++;
    handle = loop.callSoon(next);
  }
  return counter;
}

/** What was cancelled is let go of in the next iteration. */
async function checkNothingPending(loop: EventLoop): Promise<void> {
  await runOnce(loop);
  assert.is(loop._scheduler.core.liveSlots(), 0, "slots are left");
}

async function onLoop(make: () => EventLoop, body: Body, options: TestOptions): Promise<void> {
  await checkNoLeaks(async () => {
    const loop = make();
    try {
      await body(loop);
      if (!options.leavesPending && !loop.isClosed()) await checkNothingPending(loop);
    } finally {
      if (loop.isRunning()) {
        loop.stop();
        await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      }
      loop.close();
    }
  });
}
