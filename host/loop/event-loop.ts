/**
 * The event loop: what users hold, and what everything else is called on.
 *
 * Owns: running and stopping, calls, timers, making futures and tasks, error handling, debug mode, watching fds.
 *
 * Does not own: the order of things (`assembly/`), ticks and time (the drivers in `scheduler/`), sockets and transports (`net/`), nor
 * the calls that make them (`network-calls.ts`).
 *
 * From: CPython 3.13, base_events.BaseEventLoop. Differs: FIFO for equal deadlines, NaN is rejected, tasks are kept alive.
 */

import { checkAbortSignal, checkOptions } from "../arguments.js";
import { describe, RuntimeError, typeError } from "../errors.js";
import { runOutsideTasks } from "../futures/awaiting.js";
import { type Awaitable, type Coroutine, isCoroutine, isPromiseLike } from "../futures/coroutine.js";
import { Future } from "../futures/future.js";
import { Operation } from "../futures/operation.js";
import { checkSeconds } from "../futures/sleep.js";
import { Task } from "../futures/task.js";
import { type CreateTaskOptions, checkTask, type TaskBody, type TaskOptions } from "../futures/task-body.js";
import { lookForLostSockets } from "../net/lost-sockets.js";
import { boundCall, type Callback, callOf, checkNotCoroutine } from "../scheduler/call.js";
import { captureContext } from "../scheduler/context.js";
import type { Driver } from "../scheduler/driver.js";
import { GuestDriver } from "../scheduler/guest-driver.js";
import type { Handle, TimerHandle } from "../scheduler/handle.js";
import { blockingRunError, Scheduler, type Side } from "../scheduler/scheduler.js";
import { EpollSelector } from "../selector/epoll-selector.js";
import { systemError } from "../sys/errors.js";
import { cancelOnAbort } from "./abort-signal.js";
import { AsyncGenerators } from "./asyncgens.js";
import {
  checkContext,
  type ExceptionContext,
  type ExceptionHandler,
  ExceptionHandling,
  logContext,
} from "./exception-handler.js";
import { type FileDescriptorLike, freeFd } from "./file-descriptor.js";
import { endWith } from "./run-ending.js";
import { checkNoLoopRuns, setRunningLoop } from "./running-loop.js";
import { SignalHandlers } from "./signals.js";
import { type LoopStatistics, statisticsOf } from "./statistics.js";
import { summarizeTasks } from "./task-tree.js";
import { ThreadCalls } from "./thread-calls.js";
import { closeOpen, unfinishedOf } from "./unclosed.js";

/** Makes the tasks of a loop in the place of `new Task`, whose arguments it gets. */
export type TaskFactory = <T>(loop: EventLoop, body: TaskBody<T>, options: TaskOptions) => Future<T>;

/**
 * A loop on Node's own: it runs callbacks in order, and waits for timers and descriptors. `newEventLoop()` makes one,
 * and `run()` makes and closes one.
 */
export class EventLoop extends ThreadCalls {
  /**
   * Callbacks and steps that take at least this long are reported in debug mode, in seconds; 0.1 by default. Of an
   * async function that is the first step alone.
   */
  slowCallbackDuration = 0.1;

  /** @internal */ readonly _scheduler: Scheduler;
  /** @internal The task whose generator runs right now. */ _currentTask: Task<unknown> | null = null;
  /** @internal What has begun and not ended: it gives back what it holds when the loop is closed. */
  readonly _unfinished = new Set<{ _abandon(): void }>();
  /** @internal What owns an fd, and does not let others watch it. */ readonly _fdOwners = new Map<number, object>();
  /** @internal Transports and servers that are open and own none. */ readonly _openWithoutFd = new Set<object>();
  readonly #errors = new ExceptionHandling(this);
  readonly #asyncgens = new AsyncGenerators(this);
  readonly #signals: SignalHandlers;
  #taskFactory: TaskFactory | null = null;
  #running = false;

  /** @internal Users call `newEventLoop()`. */
  constructor(driver: Driver = runOutsideTasks(() => new GuestDriver(new EpollSelector()))) {
    super();
    this._scheduler = new Scheduler(this, driver);
    this.#signals = new SignalHandlers(this._scheduler);
    this.setDebug(Boolean(process.env.PYTHONASYNCIODEBUG || process.env.WASYNCIODEBUG));
  }

  /**
   * Runs until `stop` is called. If that has happened already, asks for I/O once without waiting, runs what is ready, and returns.
   *
   * @returns a promise that rejects with a FatalError that a callback or task threw, and with RuntimeError
   *   `ERR_LOOP_CLOSED`, `ERR_LOOP_RUNNING` or `ERR_ANOTHER_LOOP_RUNNING` when the loop cannot run
   */
  async runForever(): Promise<void> {
    this.#checkMayRun();
    this.#running = true;
    setRunningLoop(this);
    try {
      await this._scheduler.driver.run();
    } finally {
      this.#running = false;
      setRunningLoop(null);
    }
  }

  /**
   * Runs until a future is done.
   *
   * @param awaitable a future; or a coroutine, which is wrapped in a task; or a promise
   * @returns the future's result, or rejects with its exception; also as `runForever`, and with RuntimeError
   *   `ERR_LOOP_STOPPED` when the loop was stopped before the future was done
   */
  async runUntilComplete<T>(awaitable: Awaitable<T>): Promise<T> {
    this.#checkMayRun();
    const ending = endWith(this, awaitable);
    try {
      await this.runForever();
    } catch (error) {
      ending.failed();
      throw error;
    } finally {
      ending.over();
    }
    return ending.result();
  }

  /**
   * As `runForever`, and keeps the thread until then: for worker threads and programs that do nothing else. Only
   * callbacks and generators run. Node's own timers, promises, signals and streams stand still, so async functions,
   * promises, lookups of names and TLS are refused.
   *
   * @throws as `runForever` rejects; RuntimeError `ERR_DEADLOCK` when nothing is left that could make anything ready
   */
  runForeverSync(): void {
    this.#checkMayRun();
    this.#running = true;
    setRunningLoop(this);
    try {
      this._scheduler.driver.runSync();
    } finally {
      this.#running = false;
      setRunningLoop(null);
    }
  }

  /**
   * As `runUntilComplete`, and keeps the thread until then; see `runForeverSync`.
   *
   * @throws as `runUntilComplete` rejects; RuntimeError `ERR_DEADLOCK`; UnsupportedError `ERR_BLOCKING_RUN` for a promise
   */
  runUntilCompleteSync<T>(awaitable: Future<T> | Coroutine<T>): T {
    this.#checkMayRun();
    if (!(awaitable instanceof Future) && !isCoroutine(awaitable) && isPromiseLike(awaitable)) {
      throw blockingRunError("a promise settles");
    }
    const ending = endWith(this, awaitable);
    try {
      this.runForeverSync();
    } catch (error) {
      ending.failed();
      throw error;
    } finally {
      ending.over();
    }
    return ending.result();
  }

  /**
   * Ends the run after the callbacks that are ready now. Those that they schedule run in the next run. Does not wake an
   * idle loop of another thread.
   */
  stop(): void {
    if (this.isClosed()) return;
    this._scheduler.core.stop();
    this._scheduler.wake();
  }

  /** Whether the loop runs. */
  isRunning(): boolean {
    return this.#running;
  }

  /** Whether the loop was closed. */
  isClosed(): boolean {
    return this._scheduler.closed;
  }

  /**
   * Closes the loop, for good. What is pending is lost, and tasks that are pending are reported to the exception handler; transports and
   * servers that are open are closed. The default executor is shut down without waiting. Has no effect on a closed loop.
   *
   * @throws RuntimeError `ERR_LOOP_RUNNING`
   */
  close(): void {
    if (this.#running)
      throw new RuntimeError(
        "ERR_LOOP_RUNNING",
        "Cannot close a running event loop: stop() it and await the run first",
      );
    if (this.isClosed()) return;
    const reportUnfinished = unfinishedOf(this);
    this.#signals.close();
    this._scheduler.close();
    const reportExecutor = this._closeExecutor();
    for (const one of this._unfinished) one._abandon();
    this._unfinished.clear();
    closeOpen(this);
    reportUnfinished();
    reportExecutor();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Has the loop close an asynchronous generator that is not iterated to its end: when it is lost, or by `shutdownAsyncgens`.
   *
   * @returns what to iterate in the place of `generator`
   * @throws TypeError `ERR_NOT_AN_ASYNCGEN`
   */
  trackAsyncgen<T, R, N>(generator: AsyncGenerator<T, R, N>): AsyncGenerator<T, R, N> {
    return this.#asyncgens.track(generator);
  }

  /**
   * Closes the tracked asynchronous generators that have begun and not ended, all at the same time. What their closing
   * throws goes to the exception handler; one that begins later is warned of. `run` calls this.
   *
   * @throws RuntimeError `ERR_LOOP_CLOSED`
   */
  shutdownAsyncgens(): Future<void> {
    this._scheduler.checkOpen();
    return new Operation(this, this.#asyncgens.shutDown());
  }

  /**
   * Has a callback called in the next iteration, after those that were queued before it.
   *
   * @throws TypeError `ERR_NOT_CALLABLE`; RuntimeError `ERR_LOOP_CLOSED`; in debug mode TypeError `ERR_COROUTINE_CALLBACK`
   */
  callSoon<A extends unknown[]>(callback: (...args: A) => unknown, ...args: A): Handle {
    if (this._scheduler.debug) checkNotCoroutine(callback, "callSoon");
    return this._scheduler.callSoon(callOf(callback as Callback, ...args));
  }

  /**
   * Has a callback called `delay` seconds from now, never earlier. Equal times come in the order of the calls.
   *
   * @throws TypeError `ERR_NOT_A_NUMBER`; ValueError `ERR_BAD_TIME` for NaN; as `callSoon`
   */
  callLater<A extends unknown[]>(delay: number, callback: (...args: A) => unknown, ...args: A): TimerHandle {
    checkSeconds("delay", delay);
    if (this._scheduler.debug) checkNotCoroutine(callback, "callLater");
    return this._scheduler.callAt(this.time() + delay, callOf(callback as Callback, ...args));
  }

  /** As `callLater`, at a time of the clock that `time()` shows. */
  callAt<A extends unknown[]>(when: number, callback: (...args: A) => unknown, ...args: A): TimerHandle {
    checkSeconds("when", when);
    if (this._scheduler.debug) checkNotCoroutine(callback, "callAt");
    return this._scheduler.callAt(when, callOf(callback as Callback, ...args));
  }

  /** The loop's clock: seconds since some moment, to the nanosecond, never going back. */
  time(): number {
    return this._scheduler.driver.now();
  }

  /** Makes a future of this loop. */
  createFuture<T = unknown>(): Future<T> {
    return new Future<T>(this, this._scheduler);
  }

  /**
   * Runs a coroutine as a task, from the next iteration on, or from now on with `eagerStart`. A closed loop runs none, and closes the generator.
   *
   * @param body a generator, or a function that makes one or is async
   * @throws TypeError `ERR_NOT_A_COROUTINE`, `ERR_INVALID_ARG_TYPE`, `ERR_UNKNOWN_OPTION`, `ERR_NOT_A_SIGNAL`; of a task factory that
   *   returns none, `ERR_NOT_A_FUTURE`; RuntimeError `ERR_LOOP_CLOSED`
   */
  createTask<T>(body: TaskBody<T>, options?: CreateTaskOptions): Task<T> {
    if (this.isClosed() && isCoroutine(body)) body.return(undefined as T);
    this._scheduler.checkOpen();
    if (options === undefined) return this.#makeTask(body);
    checkOptions("createTask", options, ["name", "eagerStart", "signal"]);
    const { signal, ...forTask } = options;
    checkAbortSignal(signal);
    const task = this.#makeTask(body, forTask);
    if (signal !== undefined) cancelOnAbort(task, signal);
    return task;
  }

  #makeTask<T>(body: TaskBody<T>, options?: TaskOptions): Task<T> {
    if (this.#taskFactory === null) return new Task(this, body, options);
    checkTask(body, options);
    const task = this.#taskFactory(this, body, options ?? {}) as Task<T>;
    if (!(task instanceof Future)) {
      throw typeError(
        "ERR_NOT_A_FUTURE",
        `the task factory must return a Task or another Future, not ${describe(task)}`,
      );
    }
    if (options?.name !== undefined && typeof task.setName === "function") task.setName(options.name);
    return task;
  }

  /**
   * Has `createTask` make its tasks with `factory(loop, body, options)`, which returns a Future; null brings the default back.
   *
   * @throws TypeError `ERR_NOT_CALLABLE`
   */
  setTaskFactory(factory: TaskFactory | null): void {
    if (factory !== null && typeof factory !== "function") {
      throw typeError("ERR_NOT_CALLABLE", `the task factory must be a function or null, not ${describe(factory)}`);
    }
    this.#taskFactory = factory;
  }

  /** The task factory that was set, or null. */
  getTaskFactory(): TaskFactory | null {
    return this.#taskFactory;
  }

  /**
   * Calls `callback` in every iteration in which `fd` can be read, in the place of who watched it for reading before.
   *
   * @throws TypeError `ERR_NOT_CALLABLE`; ValueError `ERR_INVALID_FILE`; RuntimeError `ERR_FD_IN_USE` for an fd of a transport,
   *   `ERR_LOOP_CLOSED`; Error `EPERM` for a regular file, `EBADF` for a closed one; UnsupportedError `ERR_NO_DESCRIPTORS` on a virtual loop
   */
  addReader<A extends unknown[]>(fd: FileDescriptorLike, callback: (...args: A) => unknown, ...args: A): void {
    this.#watch(fd, "reader", callback as Callback, args);
  }

  /** Ends what `addReader` began. Returns whether there was anything to end. @throws ValueError `ERR_INVALID_FILE`; RuntimeError `ERR_FD_IN_USE` */
  removeReader(fd: FileDescriptorLike): boolean {
    return this.#unwatch(fd, "reader");
  }

  /** As `addReader`, for writing. */
  addWriter<A extends unknown[]>(fd: FileDescriptorLike, callback: (...args: A) => unknown, ...args: A): void {
    this.#watch(fd, "writer", callback as Callback, args);
  }

  /** As `removeReader`, for writing. */
  removeWriter(fd: FileDescriptorLike): boolean {
    return this.#unwatch(fd, "writer");
  }

  /**
   * Calls `callback` in an iteration after the signal has come, in the place of what was called for it before. Several that come
   * before the callback could run count as one.
   *
   * @param signal a name such as `SIGTERM`, or a number
   * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_NOT_CALLABLE`, `ERR_COROUTINE_CALLBACK`; ValueError `ERR_BAD_SIGNAL` for what is no
   *   signal, and for SIGKILL and SIGSTOP; RuntimeError `ERR_NOT_MAIN_THREAD`, `ERR_LOOP_CLOSED`; UnsupportedError `ERR_NO_OUTSIDE` on a
   *   virtual loop, `ERR_BLOCKING_RUN` in a blocking run
   */
  addSignalHandler<A extends unknown[]>(
    signal: NodeJS.Signals | number,
    callback: (...args: A) => unknown,
    ...args: A
  ): void {
    this._scheduler.checkOpen();
    checkNotCoroutine(callback, "addSignalHandler");
    this.#signals.add(signal, callOf(callback as Callback, ...args));
  }

  /**
   * Ends what `addSignalHandler` began; the signal does again what it does to a Node program.
   *
   * @returns whether there was anything to end
   * @throws TypeError `ERR_INVALID_ARG_TYPE`; ValueError `ERR_BAD_SIGNAL`
   */
  removeSignalHandler(signal: NodeJS.Signals | number): boolean {
    return this.#signals.remove(signal);
  }

  /** Sets who is told of errors that nobody else can take; null brings the default back. @throws TypeError `ERR_NOT_CALLABLE`, `ERR_COROUTINE_CALLBACK` */
  setExceptionHandler(handler: ExceptionHandler | null): void {
    this.#errors.handler = handler;
  }

  /** The exception handler that was set, or null. */
  getExceptionHandler(): ExceptionHandler | null {
    return this.#errors.handler;
  }

  /** Writes the context to stderr. Custom handlers may call it. @throws TypeError `ERR_INVALID_ARG_TYPE` */
  defaultExceptionHandler(context: ExceptionContext): void {
    checkContext(context);
    logContext(context);
  }

  /** Tells the exception handler of an error. @throws TypeError `ERR_INVALID_ARG_TYPE` */
  callExceptionHandler(context: ExceptionContext): void {
    this.#errors.report(context);
  }

  /** Whether debug mode is on. It is from the start when the environment variable PYTHONASYNCIODEBUG or WASYNCIODEBUG is not empty. */
  getDebug(): boolean {
    return this._scheduler.debug;
  }

  /**
   * Turns debug mode on or off: where handles, futures, tasks and transports were made, slow callbacks, coroutine
   * functions passed as callbacks, what is open when the loop is closed.
   *
   * @throws TypeError `ERR_INVALID_ARG_TYPE`
   */
  setDebug(enabled: boolean): void {
    if (typeof enabled !== "boolean") {
      throw typeError("ERR_INVALID_ARG_TYPE", `setDebug() takes true or false, not ${describe(enabled)}`);
    }
    this._scheduler.debug = enabled;
    if (enabled) lookForLostSockets();
  }

  /**
   * What is pending right now, for metrics, and for tests that nothing is left. Goes through all of it.
   *
   * @throws RuntimeError `ERR_LOOP_CLOSED`
   */
  statistics(): LoopStatistics {
    this._scheduler.checkOpen();
    return statisticsOf(this._scheduler);
  }

  /** @internal */
  _summarizeTasks(): string {
    return summarizeTasks(this);
  }

  /** @internal Watches an fd on behalf of its owner. */
  _watch(fd: number, side: Side, callback: Callback, args: readonly unknown[]): void {
    const result = this._scheduler.watch(fd, side, boundCall(callback, args, captureContext()));
    if (result < 0) throw systemError("epoll_ctl", result);
  }

  /** @internal */
  _unwatch(fd: number, side: Side): boolean {
    return this._scheduler.unwatch(fd, side);
  }

  #checkMayRun(): void {
    this._scheduler.checkOpen();
    if (this.#running) {
      throw new RuntimeError(
        "ERR_LOOP_RUNNING",
        "This event loop is already running: await what you need in a task instead",
      );
    }
    checkNoLoopRuns();
  }

  #watch(fileDescriptor: FileDescriptorLike, side: Side, callback: Callback, args: readonly unknown[]): void {
    this._scheduler.checkOpen();
    if (this._scheduler.debug) checkNotCoroutine(callback, side === "reader" ? "addReader" : "addWriter");
    this._watch(freeFd(this, fileDescriptor), side, callback, args);
  }

  #unwatch(fileDescriptor: FileDescriptorLike, side: Side): boolean {
    if (this.isClosed()) return false;
    return this._unwatch(freeFd(this, fileDescriptor), side);
  }
}
