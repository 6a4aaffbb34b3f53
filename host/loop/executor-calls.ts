/**
 * The calls of a loop that run functions elsewhere.
 *
 * Owns: the default executor, and the loop's futures of work. Cancelling one takes back work that has not begun; what comes after the
 * loop was closed is dropped. What the executor itself answers is never handed out.
 *
 * Does not own: pools (`executors/`).
 *
 * From: CPython 3.13, base_events `run_in_executor`, `set_default_executor` and `shutdown_default_executor`; threads
 * `to_thread`. Differs: any executor may be the default.
 */

import { EventKind } from "../../assembly/abi.js";
import { checkOptions } from "../arguments.js";
import { logWarning } from "../complaints.js";
import { describe, RuntimeError, typeError } from "../errors.js";
import type { Executor, Submission } from "../executors/executor.js";
import type { Executable } from "../executors/shipped-function.js";
import { ThreadPoolExecutor } from "../executors/thread-pool-executor.js";
import { Work } from "../executors/work.js";
import { runOutsideTasks } from "../futures/awaiting.js";
import type { Future } from "../futures/future.js";
import { OwnFuture } from "../futures/own-future.js";
import { ownResult } from "../futures/own-result.js";
import { checkSeconds } from "../futures/sleep.js";
import type { Handle } from "../scheduler/handle.js";
import { asError } from "../show.js";
import type { EventLoop } from "./event-loop.js";
import { NetworkCalls } from "./network-calls.js";

export abstract class ExecutorCalls extends NetworkCalls {
  #executor: Executor | null = null;
  #isOurs = false;
  #isShutdown = false;

  /**
   * Has a function called elsewhere: in a worker thread, by the default executor. It is sent by its source and knows no
   * variable around it, or by name (`workerFunction`). Arguments and results are cloned.
   *
   * @param executor null for the default one, which is a ThreadPoolExecutor unless another was set
   * @returns a future of what it returns. Cancelling it takes back work that has not begun; other work goes on, and nobody hears of it.
   * @throws TypeError `ERR_NOT_AN_EXECUTOR`; RuntimeError `ERR_LOOP_CLOSED`, `ERR_EXECUTOR_SHUTDOWN`; UnsupportedError
   *   `ERR_BLOCKING_RUN`; what the executor throws
   */
  runInExecutor<A extends unknown[], R>(
    executor: Executor | null,
    func: Executable<A, R>,
    ...args: A
  ): Future<Awaited<R>> {
    const loop = this as unknown as EventLoop;
    loop._scheduler.checkOpen();
    loop._scheduler.checkNodeGoesOn("work in an executor ends");
    if (executor !== null) checkExecutor(executor);
    const chosen = executor ?? this.#defaultExecutor();
    return new WorkFuture(
      loop,
      runOutsideTasks(() => chosen.submit(func, ...args)),
    );
  }

  /**
   * Sets the executor that `runInExecutor(null, …)` uses. The loop shuts it down when it is closed.
   *
   * @throws TypeError `ERR_NOT_AN_EXECUTOR`
   */
  setDefaultExecutor(executor: Executor): void {
    checkExecutor(executor);
    // Nobody else can reach the one that the loop made.
    if (this.#isOurs) void this.#executor?.shutdown({ wait: false });
    this.#executor = executor;
    this.#isOurs = false;
  }

  /**
   * Waits for the work of the default executor, and ends it for good.
   *
   * @param options `timeout`: the seconds after which it is waited for no longer, with a warning
   * @throws TypeError `ERR_UNKNOWN_OPTION`, `ERR_NOT_A_NUMBER`; ValueError `ERR_BAD_TIME`; RuntimeError `ERR_LOOP_CLOSED`; UnsupportedError
   *   `ERR_BLOCKING_RUN`
   */
  shutdownDefaultExecutor(options: { timeout?: number } = {}): Future<void> {
    checkOptions("shutdownDefaultExecutor", options, ["timeout"]);
    const { timeout } = options;
    if (timeout !== undefined) checkSeconds("timeout", timeout);
    const loop = this as unknown as EventLoop;
    loop._scheduler.checkOpen();
    this.#isShutdown = true;
    const executor = this.#executor;
    if (executor === null) {
      const future = ownResult<void>(loop);
      future._succeed();
      return future;
    }
    loop._scheduler.checkNodeGoesOn("an executor ends");
    const future = new WorkFuture<void>(loop, ended(executor));
    if (timeout !== undefined) future._giveUpAfter(timeout);
    return future;
  }

  /** @internal Whether there is a default executor that may have work. */
  _hasExecutor(): boolean {
    return this.#executor !== null;
  }

  /** @internal Ends the default executor without waiting. Returns what reports its error, to be called when the loop is closed. */
  protected _closeExecutor(): () => void {
    const executor = this.#executor;
    this.#executor = null;
    this.#isShutdown = true;
    const message = "Exception in the shutdown of the default executor";
    const report = (exception: unknown): void =>
      (this as unknown as EventLoop).callExceptionHandler({ message, exception });
    try {
      Promise.resolve(executor?.shutdown({ wait: false })).then(undefined, report);
    } catch (error) {
      return () => report(error);
    }
    return () => {};
  }

  #defaultExecutor(): Executor {
    if (this.#isShutdown) {
      throw new RuntimeError(
        "ERR_EXECUTOR_SHUTDOWN",
        "Executor shutdown has been called: pass an executor of your own",
      );
    }
    if (this.#executor === null) {
      this.#executor = runOutsideTasks(() => new ThreadPoolExecutor());
      this.#isOurs = true;
    }
    return this.#executor;
  }
}

/** A future of what goes on in an executor. */
class WorkFuture<T> extends OwnFuture<T> {
  readonly #submission: Submission<T>;
  readonly #arrival: Handle;
  #outcome: { readonly error: Error | null; readonly value: T | undefined } | null = null;

  constructor(loop: EventLoop, submission: Submission<T>) {
    super(loop);
    this.#submission = submission;
    this.#arrival = this._scheduler.expect(EventKind.WorkFinished, () => this.#settle());
    this._scheduler.promisesAwaited++;
    if (submission instanceof Work) submission._whenDone((error, value) => this.#finish(error, value));
    else {
      Promise.resolve(submission).then(
        (value) => this.#finish(null, value),
        (error) => this.#finish(asError(error), undefined),
      );
    }
  }

  override cancel(message?: string): boolean {
    if (!super.cancel(message)) return false;
    this.#arrival.cancel();
    try {
      this.#submission.cancel?.();
    } catch (exception) {
      // Whoever cancels a task does not know that it waits for work, and others may be cancelled along with it.
      this._loop.callExceptionHandler({
        message: "Exception in cancelling an executor's work",
        exception,
        future: this,
      });
    }
    return true;
  }

  /** Succeeds after so many seconds, done or not. */
  _giveUpAfter(seconds: number): void {
    const timer = this._loop.callLater(seconds, () => {
      if (this.done()) return;
      this.#arrival.cancel();
      logWarning(`The executor did not finish its work within ${seconds} seconds`);
      this._succeed(undefined as T);
    });
    this.addDoneCallback(() => timer.cancel());
  }

  #finish(error: Error | null, value: T | undefined): void {
    this._scheduler.promisesAwaited--;
    this.#outcome = { error, value };
    this._scheduler.arrived(EventKind.WorkFinished, this.#arrival);
  }

  /** The core has heard of it. */
  #settle(): void {
    if (this.done() || this.#outcome === null) return;
    const { error, value } = this.#outcome;
    if (error === null) this._succeed(value as T);
    else this._failWith(error);
  }
}

/** Ends an executor: a promise of that, also of what it throws. */
async function ended(executor: Executor): Promise<void> {
  await executor.shutdown({ wait: true });
}

/** @throws TypeError `ERR_NOT_AN_EXECUTOR` */
function checkExecutor(executor: Executor): void {
  if (typeof executor?.submit !== "function" || typeof executor.shutdown !== "function") {
    const hint =
      typeof executor === "function"
        ? "pass null for the default one, and then the function"
        : "pass a ThreadPoolExecutor, a ProcessPoolExecutor or one of your own";
    throw typeError(
      "ERR_NOT_AN_EXECUTOR",
      `an executor has the methods submit and shutdown, and ${describe(executor)} has not: ${hint}`,
    );
  }
}
