/**
 * The scheduler: one core, and the objects that its ids stand for.
 *
 * Owns: the table id → handle or task, and the core's imports: running a callback, stepping a task, reporting what was raised.
 *
 * Does not own: when an iteration takes place (the driver), nor what a step of a coroutine is (`futures/task.ts`).
 */
import { type FutureState, INDEX_MASK, Outcome, Report, ResumeHow, Status } from "../../assembly/abi.js";
import { logError, logWarning } from "../complaints.js";
import { type CoreExports, type CoreImports, EventBuffer, instantiate } from "../core.js";
import { FatalError, RuntimeError, UnsupportedError, ValueError } from "../errors.js";
import { attempt, textOf } from "../show.js";
import { type ArrivalKind, Arrivals } from "./arrivals.js";
import { type Call, checkCall, runBare } from "./call.js";
import { CallQueue } from "./call-queue.js";
import { endFirstCall, inFirstCall } from "./context.js";
import type { Driver } from "./driver.js";
import { Flushes } from "./flushes.js";
import { Handle, QUEUED, TimerHandle, WatchHandle } from "./handle.js";
import type { Mailbox } from "./mailbox.js";
import { takeFatal } from "./run-end.js";

/** What a task is to the scheduler. */
export interface Steppable {
  /** Takes one step; `how` is a ResumeHow. Returns an Answer or a future's id. Never throws. */
  _step(how: number): number;
  /** The core has ended the task. */
  _ended(state: FutureState): void;
  /** Cancels what the task waits for. Returns whether the cancellation will reach the task that way. */
  _cancelWaiter(): boolean;
}

/** What the loop does for its scheduler. */
export interface SchedulerOwner {
  callExceptionHandler(context: { message: string; exception?: unknown; handle?: Handle; task?: unknown }): void;
  slowCallbackDuration: number;
  /** Which tasks there are and what they wait for, for the message of an error; "" if there are none. */
  _summarizeTasks(): string;
}

/** Which of the two watches of an fd. */
export type Side = "reader" | "writer";

/** The error for what cannot go on in a run that keeps the thread; `what` begins the message. */
export function blockingRunError(what: string): UnsupportedError {
  return new UnsupportedError(
    "ERR_BLOCKING_RUN",
    `${what} only on Node's own loop, which stands still while a loop blocks its thread: use generators and descriptors, or run the loop with runForever()`,
  );
}

export class Scheduler {
  readonly core: CoreExports;
  readonly events: EventBuffer;
  readonly driver: Driver;
  /** What has come from outside without a descriptor. */
  readonly arrivals = new Arrivals();
  /** What is put off to the end of the iteration. */
  readonly flushes = new Flushes();
  /** Where other threads call, once the loop was shared with any. */
  mailbox: Mailbox | null = null;
  /** Whether an iteration is under way, so that nobody needs to be woken. */
  iterating = false;
  /** Whether the iteration is of a run that keeps the thread, so that Node's own loop and its promises stand still. */
  blocking = false;
  /** The watches of fds: each side counts. */
  watchCount = 0;
  /** Whether something resolved a native promise, or started an async function, since microtasks ran last. */
  promisesTouched = false;
  /** Async functions and promises that may still make something ready, unseen by the core. */
  promisesAwaited = 0;
  debug = false;
  /** The handle whose callback runs right now; in debug mode only. */
  currentHandle: Handle | null = null;
  closed = false;
  /** The error that ended the run, in a box because `undefined` can be thrown too. */
  fatal: { readonly error: unknown } | null = null;

  readonly #owner: SchedulerOwner;
  readonly #calls: CallQueue;
  readonly #table: (Handle | Steppable | null)[] = [null];
  #raised: { readonly handle: Handle; readonly error: unknown } | null = null;

  constructor(owner: SchedulerOwner, driver: Driver) {
    this.#owner = owner;
    this.driver = driver;
    try {
      this.core = instantiate(this.#imports());
    } catch (error) {
      // There is no memory for another core.
      this.flushes.close();
      driver.close();
      throw error;
    }
    this.core.init(driver.resolutionSeconds);
    this.events = new EventBuffer(this.core);
    this.#calls = new CallQueue(this.core);
    driver.attach(this);
  }

  /** What the core calls. */
  #imports(): CoreImports {
    const { driver } = this;
    return {
      now: () => driver.now(),
      select: (timeoutSeconds) => driver.select(timeoutSeconds),
      watch: (fd, interest, generation) => driver.watch(fd, interest, generation),
      dispatch: (id) => this.#dispatch(id),
      runSeries: (length) => this.#runSeries(length),
      resume: (task, how) => this.#resume(task, how),
      taskDone: (task, state) => this.#taskDone(task, state),
      cancelWaiter: (task) => ((this.#table[task & INDEX_MASK] as Steppable)._cancelWaiter() ? 1 : 0),
      report: (what, id) => this.#report(what, id),
    };
  }

  /** Queues a call. */
  callSoon(call: Call): Handle {
    this.checkOpen();
    if (typeof call !== "function") checkCall(call);
    const handle = new Handle(this, call, QUEUED);
    this.#calls.push(handle);
    if (!this.iterating) this.driver.wake();
    return handle;
  }

  /** Sets a timer for `when`, in seconds of the driver's clock. */
  callAt(when: number, call: Call): TimerHandle {
    this.checkOpen();
    if (typeof call !== "function") checkCall(call);
    const id = this.core.callAt(when);
    if (id < 0) throw this.failure(id);
    const handle = new TimerHandle(this, call, id, when);
    this.#table[id & INDEX_MASK] = handle;
    if (!this.iterating) this.driver.wake();
    return handle;
  }

  /** Cancels a call or timer that has not run. */
  cancelHandle(handle: Handle): void {
    if (this.core.cancel(handle._id) < 0) this.core.forget(handle._id);
    this.#table[handle._id & INDEX_MASK] = null;
  }

  /** Watches one side of an fd, in the place of who watched it before. Returns 0, or the selector's negative errno. */
  watch(fd: number, side: Side, call: Call): number {
    this.checkOpen();
    checkCall(call);
    // Nothing may be thrown through the core, which would keep the slot that it has just made.
    this.driver.checkWatches();
    const { core } = this;
    const previous = side === "reader" ? core.readerOf(fd) : core.writerOf(fd);
    const id = side === "reader" ? core.addReader(fd) : core.addWriter(fd);
    if (id < 0) {
      if (id <= Status.BadId) throw this.failure(id);
      return id;
    }
    if (previous !== 0) this.#retireWatch(previous);
    this.watchCount++;
    this.#table[id & INDEX_MASK] = new WatchHandle(this, call, id);
    if (!this.iterating) this.driver.wake();
    return 0;
  }

  /** Ends a watch. Returns whether there was one. */
  unwatch(fd: number, side: Side): boolean {
    if (this.closed) return false;
    const id = side === "reader" ? this.core.removeReader(fd) : this.core.removeWriter(fd);
    if (id === 0) return false;
    this.#retireWatch(id);
    return true;
  }

  /** Has a callback called once, when `arrived` says that what it waits for has come. */
  expect(kind: ArrivalKind, call: Call): Handle {
    this.checkOpen();
    checkCall(call);
    return this.#enterArrival(this.core.expect(kind), (id) => new Handle(this, call, id));
  }

  /** Has a callback called whenever `arrived` says so, until its handle is cancelled. */
  listen(kind: ArrivalKind, call: Call): Handle {
    this.checkOpen();
    checkCall(call);
    return this.#enterArrival(this.core.listen(kind), (id) => new WatchHandle(this, call, id));
  }

  /** What a handle of `expect` or `listen` waits for has come. May be called at any time, on the loop's own thread. */
  arrived(kind: ArrivalKind, handle: Handle): void {
    if (this.#noteArrival(kind, handle)) this.driver.wake();
  }

  /** As `arrived`, from a callback of Node's own that has nothing more to do. */
  arrivedNow(kind: ArrivalKind, handle: Handle): void {
    if (!this.#noteArrival(kind, handle)) return;
    if (this.iterating) this.driver.wake();
    else this.driver.wakeNow();
  }

  #noteArrival(kind: ArrivalKind, handle: Handle): boolean {
    if (this.closed || handle._id <= 0) return false;
    this.arrivals.add(kind, handle._id);
    return true;
  }

  /** Puts the object that a fresh id stands for into the table. */
  enter(id: number, entry: Handle | Steppable): void {
    this.#table[id & INDEX_MASK] = entry;
  }

  /** Takes the first step of a task that the core has made for that. @throws what the step threw to end the run */
  stepAtOnce(id: number): void {
    const earlier = takeFatal(this);
    this.core.answer(id, this.#resume(id, ResumeHow.Next));
    const fatal = takeFatal(this);
    this.fatal = earlier;
    if (fatal !== null) throw fatal.error;
    this.wake();
  }

  /** Takes the object of an ended id out of the table. */
  leave(id: number): void {
    this.#table[id & INDEX_MASK] = null;
  }

  /** The object that a live id stands for. */
  entry(id: number): Handle | Steppable | null {
    return this.#table[id & INDEX_MASK] ?? null;
  }

  /** All that is pending. */
  *entries(): Generator<Handle | Steppable> {
    for (const call of this.#calls) if (!call.cancelled()) yield call;
    for (const entry of this.#table) if (entry !== null && entry !== undefined) yield entry;
  }

  /** How many calls are queued, and not cancelled. */
  get queuedCalls(): number {
    let count = 0;
    for (const call of this.#calls) if (!call.cancelled()) count++;
    return count;
  }

  /** Something became ready: sees to it that an iteration follows. */
  wake(): void {
    if (!this.iterating) this.driver.wake();
  }

  /** Whether what is put off now will be flushed: an iteration is under way, or will be without anybody's doing. */
  get mayPutOff(): boolean {
    return this.iterating || this.driver.willIterate;
  }

  /** What the message of an error says at its end about tasks that wait for ever; "" if there are none. */
  get tasksInVain(): string {
    // The error must come, whatever the tasks of the program do to their names.
    const tasks = attempt(() => this.#owner._summarizeTasks(), "");
    return tasks === "" ? "" : `. These tasks wait:\n${tasks}`;
  }

  /** @throws RuntimeError `ERR_LOOP_CLOSED` */
  checkOpen(): void {
    if (this.closed) {
      throw new RuntimeError("ERR_LOOP_CLOSED", "Event loop is closed: make a new one with newEventLoop()");
    }
  }

  /** @throws UnsupportedError `ERR_BLOCKING_RUN` in a run that keeps the thread; `what` begins the message */
  checkNodeGoesOn(what: string): void {
    if (this.blocking) throw blockingRunError(what);
  }

  /** Loses whatever is pending. */
  close(): void {
    this.closed = true;
    for (const entry of this.#table) if (entry instanceof Handle) entry._forget();
    this.#table.length = 0;
    this.#calls.clear();
    this.arrivals.clear();
    this.core.clear();
    this.mailbox?.close();
    this.flushes.close();
    this.driver.close();
  }

  /** The error for a Status that the core answered with. */
  failure(status: number): Error {
    switch (status) {
      case Status.BadTime:
        return new ValueError("ERR_BAD_TIME", "the time is NaN: pass a number of seconds");
      case Status.BadFd:
        return new ValueError(
          "ERR_INVALID_FILE",
          "the file descriptor is out of range: pass an integer from 0 to 1048575",
        );
      case Status.OutOfSlots:
        return new RuntimeError(
          "ERR_OUT_OF_SLOTS",
          "the loop holds 8388607 pending timers, watches, futures, done callbacks and tasks, which is all that it can: let some of them finish first",
        );
      default:
        return new RuntimeError(
          "ERR_CORE",
          `the core refused a request with status ${status}: please report this as a bug of wasyncio`,
        );
    }
  }

  #enterArrival(id: number, make: (id: number) => Handle): Handle {
    if (id < 0) throw this.failure(id);
    const handle = make(id);
    this.#table[id & INDEX_MASK] = handle;
    return handle;
  }

  #retireWatch(id: number): void {
    this.watchCount--;
    const index = id & INDEX_MASK;
    (this.#table[index] as Handle)._retire();
    this.#table[index] = null;
  }

  #dispatch(id: number): number {
    const index = id & INDEX_MASK;
    const handle = this.#table[index] as Handle;
    if (!handle._repeats) this.#table[index] = null;
    return this.#call(handle, handle._call as Call);
  }

  /** As the import says: 0, or after a fatal error how many calls are left, and one more. */
  #runSeries(length: number): number {
    for (let left = length; left > 0; left--) {
      const handle = this.#calls.take();
      // A callback has closed the loop.
      if (handle === null) return 0;
      const call = handle._call;
      // It was cancelled.
      if (call === null) continue;
      let outcome = this.#call(handle, call);
      if (outcome === Outcome.Raised) outcome = this.#report(Report.CallbackRaised, handle._id);
      if (outcome === Outcome.Fatal) return left;
    }
    return 0;
  }

  /** Runs what a handle calls; one that does not repeat lets go of it first. */
  #call(handle: Handle, call: Call): number {
    if (!handle._repeats) handle._forget();
    return this.debug ? this.#runTimed(handle, call) : this.#run(handle, call);
  }

  #run(handle: Handle, call: Call): number {
    try {
      if (typeof call === "function") runBare(call);
      else call.run();
    } catch (error) {
      if (error instanceof FatalError) {
        this.fatal = { error };
        return Outcome.Fatal;
      }
      handle._call ??= call;
      this.#raised = { handle, error };
      return Outcome.Raised;
    } finally {
      if (inFirstCall()) endFirstCall();
    }
    return Outcome.Ok;
  }

  #runTimed(handle: Handle, call: Call): number {
    const start = this.driver.now();
    this.currentHandle = handle;
    const outcome = this.#run(handle, call);
    this.currentHandle = null;
    this.#warnIfSlow(start, () => handle._textWith(call));
    return outcome;
  }

  #resume(id: number, how: number): number {
    const task = this.#table[id & INDEX_MASK] as Steppable;
    if (!this.debug) return task._step(how);
    const start = this.driver.now();
    const answer = task._step(how);
    this.#warnIfSlow(start, () => textOf(task));
    return answer;
  }

  /** @param describe says what it was; making texts takes longer than most of what runs, and calls code of the program. */
  #warnIfSlow(start: number, describe: () => string): void {
    const seconds = this.driver.now() - start;
    if (!(seconds >= this.#owner.slowCallbackDuration)) return;
    logWarning(`Executing ${describe()} took ${seconds.toFixed(3)} seconds`);
  }

  #taskDone(id: number, state: FutureState): void {
    const index = id & INDEX_MASK;
    const task = this.#table[index] as Steppable;
    this.#table[index] = null;
    task._ended(state);
  }

  #report(what: number, id: number): number {
    try {
      if (what === Report.CallbackRaised && this.#raised !== null) {
        const { handle, error } = this.#raised;
        this.#raised = null;
        this.#owner.callExceptionHandler({
          message: `Exception in callback ${textOf(handle)}`,
          exception: error,
          handle,
        });
        if (handle._id <= 0) handle._forget();
      } else {
        this.#owner.callExceptionHandler({ message: `The core reported ${what} of ${id}, which is a bug of wasyncio` });
      }
    } catch (error) {
      // A loop's own class may have another `callExceptionHandler`.
      if (!(error instanceof FatalError)) logError("Exception in callExceptionHandler", error);
      else {
        this.fatal = { error };
        return Outcome.Fatal;
      }
    }
    return Outcome.Ok;
  }
}
