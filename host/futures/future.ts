/**
 * Futures: values that will be there later.
 *
 * Owns: the value or the exception, the done callbacks, and being awaited: by `yield*` in a generator, by `await` in an async function.
 *
 * Does not own: `yield*` (`future-iterator.ts`), the text (`future-text.ts`), scheduling those who wait (`assembly/futures.ts`).
 *
 * A future enters the core when the first task comes to wait for it. Its done callbacks enter with it, so that all of them keep their
 * order, and from then on the task holds on to the future. Before that it has no slot, so one that nobody can reach any more leaves
 * nothing behind that would have to be given back.
 *
 * From: CPython 3.13, futures.py. Differs: an exception need not be told from a StopIteration, which is no exception here.
 */
import type { AsyncResource } from "node:async_hooks";
import { inspect } from "node:util";
import { FutureState } from "../../assembly/abi.js";
import { CancelledError, describe, InvalidStateError, RuntimeError, typeError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import { boundCall, type Callback } from "../scheduler/call.js";
import { captureContext } from "../scheduler/context.js";
import { Handle } from "../scheduler/handle.js";
import type { Scheduler } from "../scheduler/scheduler.js";
import { noteSource } from "../scheduler/source.js";
import { attempt, isError, textOf } from "../show.js";
import { type AwaitingTask, asyncTask } from "./awaiting.js";
import { FutureIterator } from "./future-iterator.js";
import { textOfFuture, wordsOf } from "./future-text.js";
import { keepsResult } from "./late-cancellation.js";
import { reportWhenLost, retrieved } from "./never-retrieved.js";
import { noteAwaits } from "./stack.js";

/** What `addDoneCallback` takes. */
export type DoneCallback<T> = (future: Future<T>) => unknown;

/** Not of the value's type, so that a Future<string> is a Future<unknown>. */
interface Registered {
  /** The core's id of it, or 0 while the future is not in the core. */
  id: number;
  readonly callback: Callback;
  /** In what it runs: see `boundCall`. */
  readonly context: AsyncResource | null | undefined;
}

/**
 * A value that will be there later, or an exception. `createFuture` makes one that anybody may settle; most calls
 * return one that they settle themselves. Once its loop is closed, what would have to tell somebody throws RuntimeError `ERR_LOOP_CLOSED`.
 */
export class Future<T = unknown> implements Promise<T> {
  /** @internal */ readonly _loop: EventLoop;
  /** @internal */ readonly _scheduler: Scheduler;
  /** @internal A FutureState. */ _state: FutureState = FutureState.Pending;
  /** @internal The core's id while a task waits, else 0. */ _id = 0;
  /** @internal */ _value: T | undefined = undefined;
  /** @internal The exception, also the one that ended a cancelled task; or the message that was given to `cancel`. */
  _exception: unknown = undefined;
  /** @internal Whether it holds an exception. */ _failed = false;
  /** @internal */ _callbacks: Registered[] | null = null;
  /** @internal Whether its exception was looked at. */ _retrieved = true;

  /** @internal Users call `loop.createFuture()`. */
  constructor(loop: EventLoop, scheduler: Scheduler) {
    if (scheduler === undefined)
      throw typeError(
        "ERR_NOT_A_LOOP",
        "an EventLoop is required: futures are made by loop.createFuture(), and tasks by loop.createTask()",
      );
    this._loop = loop;
    this._scheduler = scheduler;
    if (scheduler.debug) {
      noteSource(this);
      noteAwaits(this);
    }
  }

  /** The loop that it belongs to. */
  getLoop(): EventLoop {
    return this._loop;
  }

  /** Whether it has a result or an exception, or was cancelled. */
  done(): boolean {
    return this._state !== FutureState.Pending;
  }

  /** Whether it was cancelled. */
  cancelled(): boolean {
    return this._state === FutureState.Cancelled;
  }

  /**
   * The result.
   *
   * @throws the exception, if it has one; CancelledError if it was cancelled; InvalidStateError while it is pending
   */
  result(): T {
    if (this._state === FutureState.Pending)
      throw new InvalidStateError("Result is not ready: wait for the future, or ask done() first");
    if (this._state === FutureState.Cancelled || this._failed) throw this._takeException();
    return this._take();
  }

  /**
   * The exception, or null when there is a result.
   *
   * @throws CancelledError if it was cancelled; InvalidStateError while it is pending
   */
  exception(): unknown {
    if (this._state === FutureState.Pending)
      throw new InvalidStateError("Exception is not set: wait for the future, or ask done() first");
    if (this._state === FutureState.Cancelled) throw this._takeException();
    return this._failed ? this._takeException() : null;
  }

  /**
   * Gives it a result, and lets those who wait go on in the next iteration.
   *
   * @throws InvalidStateError when it is done
   */
  setResult(value: T): void {
    this._checkPending();
    this._value = value;
    this._settle(FutureState.Finished);
  }

  /**
   * Gives it an exception, which those who wait will see thrown. One that nobody ever looks at is reported when the future is lost.
   *
   * @param exception an Error, or a class of errors, of which one is made
   * @throws InvalidStateError when it is done; TypeError `ERR_NOT_AN_ERROR`
   */
  setException(exception: Error | (new () => Error)): void {
    this._checkPending();
    const error = isErrorClass(exception) ? new exception() : exception;
    if (!isError(error)) throw typeError("ERR_NOT_AN_ERROR", `the exception must be an Error, not ${describe(error)}`);
    this._fail(error);
    this._settle(FutureState.Finished);
  }

  /**
   * Cancels it: those who wait see a CancelledError thrown. Of one that has failed already the exception counts as looked at.
   *
   * @param message the error's message
   * @returns false when it is done already
   */
  cancel(message?: string): boolean {
    if (this._state !== FutureState.Pending) return this._isOver();
    this._exception = message;
    this._settle(FutureState.Cancelled);
    return true;
  }

  /** Has `callback` called with the future, in an iteration after it is done; when it is done already, in the next one. @throws TypeError `ERR_NOT_CALLABLE` */
  addDoneCallback(callback: DoneCallback<T>): void {
    if (typeof callback !== "function")
      throw typeError("ERR_NOT_CALLABLE", `the callback must be a function, not ${describe(callback)}`);
    if (this._state !== FutureState.Pending) {
      this._scheduler.callSoon(boundCall(callback as Callback, [this], captureContext()));
      return;
    }
    this._addCallback(callback, captureContext());
  }

  /**
   * Takes every registration of `callback` back.
   *
   * @returns how many there were
   */
  removeDoneCallback(callback: DoneCallback<T>): number {
    const before = this._callbacks;
    if (before === null) return 0;
    for (const registered of before) {
      if (registered.callback === callback && registered.id !== 0) this._scheduler.core.removeCallback(registered.id);
    }
    const left = before.filter((registered) => registered.callback !== callback);
    this._callbacks = left.length === 0 ? null : left;
    return before.length - left.length;
  }

  /**
   * What `await` calls. Inside a task, the task's cancellation reaches this future.
   *
   * @returns a native promise of what the callbacks return
   */
  // biome-ignore lint/suspicious/noThenProperty: being awaitable is the point
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    // biome-ignore lint/suspicious/noExplicitAny: as a promise's, so that a handler may say what it expects
    onRejected?: ((reason: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const promise = new Promise<T>((resolve, reject) => this._awaitNatively(resolve, reject));
    return promise.then(onFulfilled, onRejected);
  }

  /** As a promise's: `then` for exceptions and cancellation alone. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  catch<B = never>(onRejected?: ((reason: any) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.then(null, onRejected);
  }

  /** As a promise's: calls `onFinally` without arguments when it is done, however that went. */
  finally(onFinally?: (() => void) | null): Promise<T> {
    return this.then().finally(onFinally);
  }

  /** `Future`, or `Task`. With it a future can be passed where TypeScript wants a Promise. */
  get [Symbol.toStringTag](): string {
    return this.constructor.name;
  }

  /** What `yield*` calls in a generator coroutine: gives the future to the task, and its result back. */
  [Symbol.iterator](): Generator<Future | undefined, T, unknown> {
    return new FutureIterator(this) as unknown as Generator<Future | undefined, T, unknown>;
  }

  /** Such as `<Future pending callbacks=[…]>`. */
  toString(): string {
    return textOfFuture(this as Future<unknown>);
  }

  [inspect.custom](): string {
    return this.toString();
  }

  /** @internal What its text calls it: its class, or else the call that it is of. */
  get _kind(): string {
    return attempt(() => String(this.constructor.name), "Future");
  }

  /** @internal What its text is made of. */
  _words(): string[] {
    return wordsOf(this as Future<unknown>);
  }

  /** @internal The core's id, for a task that is about to wait. */
  _enter(): number {
    if (this._id !== 0) return this._id;
    const scheduler = this._scheduler;
    this._id = checkId(scheduler, scheduler.core.createFuture());
    if (this._callbacks !== null) for (const registered of this._callbacks) this.#enterCallback(registered);
    return this._id;
  }

  /** @internal What has to happen for it to be done, as far as that is futures. */
  get _parts(): Iterable<Future> {
    return [];
  }

  /** @internal Registers a done callback of a pending future. */
  _addCallback(callback: DoneCallback<T>, context: AsyncResource | null | undefined): void {
    this._scheduler.checkOpen();
    const registered: Registered = { id: 0, callback: callback as Callback, context };
    if (this._id !== 0) this.#enterCallback(registered);
    if (this._callbacks === null) this._callbacks = [registered];
    else this._callbacks.push(registered);
  }

  #enterCallback(registered: Registered): void {
    registered.id = checkId(this._scheduler, this._scheduler.core.addCallback(this._id));
  }

  /** @internal Has `deliver` called once the future is done. */
  _deliverLater(deliver: () => void): void {
    this._addCallback(deliver, undefined);
  }

  /** @internal The exception, or the error of its cancellation; counts as looking at it. */
  _takeException(): unknown {
    if (this._state === FutureState.Cancelled) return this._cancelledError();
    this.#lookedAt();
    return this._exception;
  }

  /** @internal What `cancel` answers when it comes too late. Whoever cancels does not care for the exception, so it counts as looked at. */
  _isOver(): false {
    this.#lookedAt();
    return false;
  }

  #lookedAt(): void {
    if (this._retrieved) return;
    this._retrieved = true;
    retrieved(this);
  }

  /** @internal The error that ended a cancelled task, for the first who asks; else a new one with what was given to `cancel`. */
  _cancelledError(): CancelledError {
    const held = this._exception;
    if (!(held instanceof CancelledError)) return new CancelledError(held as string | undefined);
    this._exception = undefined;
    return held;
  }

  /** @internal Notes an exception that somebody should look at. */
  _fail(error: unknown): void {
    this._exception = error;
    this._failed = true;
    this._retrieved = false;
    reportWhenLost(this as Future<unknown>);
  }

  /** @internal Ends it, and queues those who wait. */
  _settle(state: FutureState.Cancelled | FutureState.Finished): void {
    const id = this._id;
    const scheduler = this._scheduler;
    if (id !== 0 || this._callbacks !== null) scheduler.checkOpen();
    this._leave(state);
    if (id === 0) return;
    scheduler.core.settle(id, state);
    if (!scheduler.iterating) scheduler.driver.wake();
  }

  /** @internal Takes on the state that the core has, or is about to have, and hands the callbacks to the scheduler. */
  _leave(state: FutureState): void {
    this._state = state;
    this._id = 0;
    const callbacks = this._callbacks;
    if (callbacks === null) return;
    this._callbacks = null;
    const scheduler = this._scheduler;
    for (const { id, callback, context } of callbacks) {
      const call = boundCall(callback, [this], context);
      if (id === 0) scheduler.callSoon(call);
      else scheduler.enter(id, new Handle(scheduler, call, id));
    }
  }

  /** @internal Ends it as `other` has ended. */
  _endAs(other: Future<T>): void {
    if (other._state === FutureState.Cancelled) this.cancel();
    else if (other._failed) this._raise(other._takeException());
    else {
      this._checkPending();
      this._value = other._take();
      this._settle(FutureState.Finished);
    }
  }

  /** @internal As `setException`, with whatever somebody has thrown. */
  _raise(thrown: unknown): void {
    this._checkPending();
    this._fail(thrown);
    this._settle(FutureState.Finished);
  }

  /** @internal The result, for whoever goes on with it. */
  _take(): T {
    return this._value as T;
  }

  /** @internal The one who waited for it is cancelled just as it is done. As after `cancel`, nobody will look at an exception. */
  _givenUp(): void {
    this.#lookedAt();
    this._undelivered();
  }

  /** @internal The one who waited for it was cancelled, and does not take the result. Futures whose result must be closed override this. */
  _undelivered(): void {}

  /** @internal Whether an error that is thrown into the one who waited is this future's own, and not a cancellation from elsewhere. */
  _endedWith(error: unknown): boolean {
    return this._state === FutureState.Cancelled || (this._failed && error === this._exception);
  }

  /** @internal */
  _checkPending(): void {
    if (this._state !== FutureState.Pending) {
      throw new InvalidStateError(
        `the future is ${this._stateWord()} already: ask done() first, or settle it in one place only`,
      );
    }
  }

  /** @internal */
  _stateWord(): string {
    if (this._state === FutureState.Pending) return "pending";
    return this._state === FutureState.Cancelled ? "cancelled" : "finished";
  }

  /** @internal Settles a native promise when the future is done. */
  _awaitNatively(resolve: (value: T) => void, reject: (reason: unknown) => void): void {
    const task = this.#awaitingTask();
    const why = task === null ? null : this._whyNotAwaitableBy(task);
    if (why !== null) return reject(why);
    let isOver = false;
    const deliver = (): void => {
      if (isOver) return;
      const mayBeLeft = task?._stopsAwaiting(this as Future<unknown>) ?? true;
      this._scheduler.promisesTouched = true;
      const cancelled = task === null || mayBeLeft ? null : this.#cancellationOf(task);
      if (cancelled !== null) {
        try {
          this._givenUp();
        } finally {
          reject(cancelled);
        }
      } else if (this._state === FutureState.Cancelled || this._failed) reject(this._takeException());
      else resolve(this._take());
    };
    task?._awaits(this);
    if (this._state !== FutureState.Pending) return deliver();
    this._deliverLater(deliver);
    if (task === null) return;
    // The task was cancelled before it came to wait: the cancellation goes on to this future.
    const thrown = task._takeCancellation();
    if (thrown === null || this.cancel(thrown.message)) return;
    isOver = true;
    task._stopsAwaiting(this as Future<unknown>);
    reject(thrown);
  }

  /** @internal Why a task can never go on if it awaits this, or null. */
  _whyNotAwaitableBy(task: Pick<AwaitingTask, "_loop">): RuntimeError | null {
    if (task._loop !== this._loop) {
      return new RuntimeError(
        "ERR_FOREIGN_FUTURE",
        `${textOf(task)} awaits ${textOf(this)}, which belongs to another loop: make it on the loop that the task runs on`,
      );
    }
    if ((task as unknown) === this) {
      return new RuntimeError("ERR_AWAITS_ITSELF", `${textOf(this)} cannot await itself: it would never go on`);
    }
    return null;
  }

  /** The cancellation that a task which goes on sees thrown instead of this future's result, or null. */
  #cancellationOf(task: AwaitingTask): CancelledError | null {
    task._inherit(this as Future<unknown>);
    const cancelled = task._takeCancellation();
    if (cancelled === null || this._state === FutureState.Cancelled) return null;
    if (!keepsResult(this as Future<unknown>)) return cancelled;
    task._owe(cancelled.message);
    return null;
  }

  /** The task whose async function awaits this, or null. */
  #awaitingTask(): AwaitingTask | null {
    const task = asyncTask();
    return task === null || task.done() ? null : task;
  }
}

function isErrorClass(value: unknown): value is new () => Error {
  return typeof value === "function" && value.prototype instanceof Error;
}

/** @throws RuntimeError `ERR_OUT_OF_SLOTS` */
function checkId(scheduler: Scheduler, id: number): number {
  if (id < 0) throw scheduler.failure(id);
  return id;
}
