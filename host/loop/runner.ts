/**
 * Running programs, and leaving nothing behind.
 *
 * Owns: `run`, for one program on a loop of its own, and `Runner`, for several that share one; what is done before such a loop
 * is closed.
 *
 * Does not own: Ctrl-C (`interrupts.ts`).
 *
 * From: CPython 3.13 runners.py. Differs: the loop that was current before is so again at the
 * end, where CPython sets none.
 */
import { checkAbortSignal, checkBoolean, checkOptions } from "../arguments.js";
import { CancelledError, describe, RuntimeError, typeError } from "../errors.js";
import { isAwaitable, type Main } from "../futures/coroutine.js";
import { notAwaitable } from "../futures/ensure-future.js";
import type { Future } from "../futures/future.js";
import type { Task } from "../futures/task.js";
import type { TaskBody } from "../futures/task-body.js";
import type { EventLoop } from "./event-loop.js";
import { checkLoop, newEventLoop } from "./implicit-loop.js";
import { Interrupts } from "./interrupts.js";
import { checkNoLoopRuns, currentLoop, setCurrentLoop } from "./running-loop.js";
import { allTasks } from "./tasks.js";

/** For how long the default executor's work is waited for at the end. */
const EXECUTOR_TIMEOUT_SECONDS = 300;

/** What a `Runner` is made with. */
export interface RunnerOptions {
  /** Whether debug mode is on; the environment decides when this is left out. */
  debug?: boolean;
  /**
   * Makes the loop, such as `() => new VirtualEventLoop()`. Without it the loop is a new `EventLoop`, which is also what
   * `getEventLoop` returns between the runs.
   */
  loopFactory?: () => EventLoop;
}

/** What goes with one program of a `Runner`. */
export interface ProgramOptions {
  /** Cancels the main task when it is aborted. */
  signal?: AbortSignal;
}

/** What `run` takes besides the program. */
export interface RunOptions extends RunnerOptions, ProgramOptions {}

/**
 * Runs a program on a new loop. Ctrl-C (SIGINT) cancels its main task; a second one, or one that comes after the main
 * task has ended, ends the process, unless the program or somebody else handles that signal. It waits for `main`,
 * cancels the tasks that are left and waits for them too, closes the asynchronous generators that the loop tracks,
 * waits for the default executor's work, for five minutes at the most, and closes the loop.
 *
 * @param main a coroutine, a future's worth of anything, or a function that returns one, which is called on the running loop
 * @returns what `main` comes to; rejects with KeyboardInterrupt if SIGINT ended it
 * @throws RuntimeError `ERR_ANOTHER_LOOP_RUNNING`; TypeError `ERR_NOT_AWAITABLE`, `ERR_NOT_A_SIGNAL`, `ERR_NOT_CALLABLE`,
 *   `ERR_NOT_A_LOOP`, `ERR_UNKNOWN_OPTION`, `ERR_INVALID_ARG_TYPE`, all by rejecting
 */
export async function run<T>(main: Main<T>, options: RunOptions = {}): Promise<T> {
  checkOptions("run", options, ["debug", "loopFactory", "signal"]);
  const { signal, ...rest } = options;
  const runner = new Runner(rest);
  try {
    return await runner.run(main, signal === undefined ? {} : { signal });
  } finally {
    await runner.close();
  }
}

/** Runs several programs, one after the other, on one loop. What a program leaves running goes on with the next one. */
export class Runner {
  readonly #debug: boolean | undefined;
  readonly #loopFactory: (() => EventLoop) | undefined;
  #loop: EventLoop | null = null;
  /** Which loop was current before ours, in a box because it may have been none. */
  #before: { readonly loop: EventLoop | null } | null = null;
  #closing: Promise<void> | null = null;

  /** @throws TypeError `ERR_UNKNOWN_OPTION`, `ERR_INVALID_ARG_TYPE`, `ERR_NOT_CALLABLE` */
  constructor(options: RunnerOptions = {}) {
    checkOptions("Runner", options, ["debug", "loopFactory"]);
    const { debug, loopFactory } = options;
    if (debug !== undefined) checkBoolean("debug", debug);
    if (loopFactory !== undefined && typeof loopFactory !== "function") {
      throw typeError("ERR_NOT_CALLABLE", `the option loopFactory must be a function, not ${describe(loopFactory)}`);
    }
    this.#debug = debug;
    this.#loopFactory = loopFactory;
  }

  /**
   * Runs a program. Ctrl-C and `signal` cancel its main task, as in `run`.
   *
   * @param main as in `run`
   * @returns what `main` comes to; rejects with KeyboardInterrupt if SIGINT ended it
   * @throws RuntimeError `ERR_RUNNER_CLOSED`, `ERR_ANOTHER_LOOP_RUNNING`; TypeError as `run`
   */
  async run<T>(main: Main<T>, options: ProgramOptions = {}): Promise<T> {
    checkOptions("Runner.run", options, ["signal"]);
    checkProgram(main, options.signal);
    const loop = this.getLoop();
    const body = typeof main === "function" ? main : () => main;
    const task = loop.createTask(body as TaskBody<T>, options);
    const interrupts = new Interrupts(loop, task);
    try {
      return await loop.runUntilComplete(task);
    } catch (error) {
      throw interrupts.explain(error);
    } finally {
      interrupts.stop();
    }
  }

  /** The loop, which is made when it is first needed. @throws RuntimeError `ERR_RUNNER_CLOSED`; TypeError `ERR_NOT_A_LOOP` */
  getLoop(): EventLoop {
    if (this.#closing !== null) {
      throw new RuntimeError("ERR_RUNNER_CLOSED", "The runner is closed: make a new one");
    }
    this.#loop ??= this.#makeLoop();
    return this.#loop;
  }

  /**
   * Cancels the tasks that are left and waits for them, closes the asynchronous generators that the loop tracks, waits for the
   * default executor's work, for five minutes at the most, and closes the loop.
   *
   * @throws RuntimeError `ERR_ANOTHER_LOOP_RUNNING`
   */
  async close(): Promise<void> {
    if (this.#closing === null && this.#loop !== null) checkNoLoopRuns();
    this.#closing ??= this.#close(this.#loop);
    await this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #makeLoop(): EventLoop {
    let loop: EventLoop;
    if (this.#loopFactory === undefined) {
      loop = newEventLoop();
      this.#before = { loop: currentLoop() };
      setCurrentLoop(loop);
    } else {
      loop = this.#loopFactory();
      checkLoop(loop);
    }
    if (this.#debug !== undefined) loop.setDebug(this.#debug);
    return loop;
  }

  async #close(loop: EventLoop | null): Promise<void> {
    if (loop === null) return;
    try {
      await cancelAllTasks(loop);
      await loop.runUntilComplete(loop.shutdownAsyncgens());
      if (loop._hasExecutor()) await loop.runUntilComplete(loop.shutdownDefaultExecutor(patienceOf(loop)));
    } finally {
      if (this.#before !== null) setCurrentLoop(this.#before.loop);
      loop.close();
    }
  }
}

/** On a clock that jumps any time would be over before the work is. */
function patienceOf(loop: EventLoop): { timeout?: number } {
  return loop._scheduler.driver.hasOutside ? { timeout: EXECUTOR_TIMEOUT_SECONDS } : {};
}

function checkProgram(main: unknown, signal: unknown): void {
  checkNoLoopRuns();
  if (typeof main !== "function" && !isAwaitable(main)) throw notAwaitable(main);
  checkAbortSignal(signal);
}

async function cancelAllTasks(loop: EventLoop): Promise<void> {
  const tasks = allTasks(loop);
  if (tasks.size === 0) return;
  for (const task of tasks) task.cancel();
  await loop.runUntilComplete(allDone(tasks));
  for (const task of tasks) {
    if (task.cancelled() || !task._failed) continue;
    const message = "unhandled exception during run() shutdown";
    loop.callExceptionHandler({ message, exception: task.exception(), task });
  }
}

function* allDone(tasks: Iterable<Task<unknown>>): Generator<Future<unknown> | undefined, void, unknown> {
  for (const task of tasks) {
    try {
      yield* task;
    } catch (error) {
      if (error instanceof CancelledError && !task.done()) throw error;
    }
  }
}
