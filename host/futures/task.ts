/**
 * Tasks: coroutines that run on a loop.
 *
 * Owns: one step of a generator, the start and the end of an async function, and what each is told of a cancellation.
 *
 * Does not own: when a step takes place, whom the task waits for and how often it was cancelled (`assembly/tasks.ts`).
 *
 * From: CPython 3.13, tasks.py. Differs: the loop keeps every task alive until it has ended.
 */
import { Answer, FutureState, ResumeHow } from "../../assembly/abi.js";
import { CancelledError, describe, FatalError, RuntimeError, typeError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import { captureContext, emptyContext, endFirstCall, followsContext, inFirstCall } from "../scheduler/context.js";
import type { Scheduler, Steppable } from "../scheduler/scheduler.js";
import type { StackFrame } from "../scheduler/user-frames.js";
import { attempt, nameOf } from "../show.js";
import { Awaited } from "./awaited.js";
import { type AwaitingTask, runAsTask, runOutsideTasks } from "./awaiting.js";
import { type Coroutine, isCoroutine, isPromiseLike } from "./coroutine.js";
import { Future } from "./future.js";
import { isKept, leaveCancellation, leftCancellation } from "./late-cancellation.js";
import { forgetTurn, type PrintStackOptions, printStackOf, type StackOptions, stackOf } from "./stack.js";
import { checkTask, checkTaskName, NO_OPTIONS, type TaskBody, type TaskOptions } from "./task-body.js";
import { TaskCancellation } from "./task-cancellation.js";

/** One call of `cancel`, on its way from task to task. */
interface CancelCall {
  readonly number: number;
  readonly message: string | undefined;
  /** The task whose own group or time limit asks for it; null if it comes from elsewhere. */
  readonly withinTask: Task | null;
  /** The tasks that it has come to. A queue and no recursion, because a chain of tasks may be longer than the stack. */
  readonly reached: Task[];
}

const generatorFunctions = Object.getPrototypeOf(function* () {});

let tasksMade = 0;
let cancelCalls = 0;
let underWay: CancelCall | null = null;
let cancelsItself: Task | null = null;

/**
 * A coroutine that a loop runs, and the future of what it comes to; nobody else settles it. `createTask` makes one. Task factories make one, or one of a
 * class of their own, with what they are given: `new Task(loop, body, options)`.
 */
export class Task<T = unknown> extends Future<T> implements Steppable, AwaitingTask {
  #body: TaskBody<T>;
  #coroutine: Coroutine<T> | null;
  #name: string | number;
  /** The context in which it steps, the same for all steps; null if there was nothing to capture. */
  #context = captureContext();
  /** What the generator waits for. */
  #waiter: Future | null = null;
  /** What is to be thrown into the generator at its next step. */
  #thrown: Error | null = null;
  /** What the async function awaits. */
  #awaited: Awaited | null = null;
  /** Null as long as nobody has cancelled it, or asked for its `signal`. */
  #cancellation: TaskCancellation | null = null;
  /** What `cancelling` answers once the core has forgotten the task. */
  #cancelsLeft = 0;
  /** Whether the core may hold a cancellation that is to be thrown into it. */
  #isCancellationDue = false;

  /** @throws as `EventLoop.createTask`; TypeError `ERR_NOT_A_LOOP` */
  constructor(loop: EventLoop, body: TaskBody<T>, options: TaskOptions = NO_OPTIONS) {
    super(loop, loop?._scheduler);
    checkTask(body, options);
    const scheduler = loop._scheduler;
    scheduler.checkOpen();
    this.#body = body;
    this.#coroutine = typeof body === "function" ? null : body;
    this.#name = options.name ?? ++tasksMade;
    if (options.eagerStart === true && loop.isRunning()) this.#startAtOnce(scheduler);
    else {
      this.#enter(scheduler, scheduler.core.createTask());
      scheduler.wake();
    }
  }

  /** Its name, `Task-1` and so on unless one was given. */
  getName(): string {
    return typeof this.#name === "number" ? `Task-${this.#name}` : this.#name;
  }

  /** Gives it another name. @throws TypeError `ERR_INVALID_ARG_TYPE` */
  setName(name: string): void {
    this.#name = checkTaskName(name);
  }

  /** The generator, or the function, that it was made from. */
  getCoro(): TaskBody<T> {
    return this.#body;
  }

  /**
   * An AbortSignal that is aborted when the task is cancelled: for `fetch` and others that know nothing of us. Its
   * reason is a CancelledError.
   */
  get signal(): AbortSignal {
    this.#cancellation ??= new TaskCancellation();
    return this.#cancellation.signal(this.cancelling() > 0);
  }

  /**
   * Asks the task to end: a CancelledError is thrown at the point where it waits. The task may catch it and go on.
   *
   * @param message the error's message
   * @returns false when the task has ended already
   * @throws RuntimeError `ERR_LOOP_CLOSED`
   */
  override cancel(message?: string): boolean {
    const withinTask = cancelsItself;
    cancelsItself = null;
    if (this._state !== FutureState.Pending) return this._isOver();
    this._scheduler.checkOpen();
    const outer = underWay;
    const mine: CancelCall = { number: ++cancelCalls, message, withinTask, reached: [] };
    underWay = mine;
    try {
      this.#reach(mine);
      for (const task of mine.reached) if (task._state === FutureState.Pending) task.#cancelInCore();
    } finally {
      underWay = outer;
    }
    return true;
  }

  /** @internal Cancels it for a group or a time limit within it: the one who awaits it does not hear of that. */
  _cancelFromWithin(): void {
    cancelsItself = this as Task;
    try {
      this.cancel();
    } finally {
      cancelsItself = null;
    }
  }

  /** How often it was cancelled, less how often that was taken back. */
  cancelling(): number {
    return this.#isInCore() ? this._scheduler.core.cancelling(this._id) : this.#cancelsLeft;
  }

  /**
   * Takes one cancellation back, for code that has dealt with it. With the last one goes what is still to be thrown.
   *
   * @returns how many are left
   */
  uncancel(): number {
    if (this.#isInCore()) {
      const left = this._scheduler.core.uncancel(this._id);
      if (left === 0) {
        this.#cancellation?.takeOwed();
        this.#awaited?.dispel();
      }
      return left;
    }
    if (this.#cancelsLeft > 0) this.#cancelsLeft--;
    return this.#cancelsLeft;
  }

  /** @throws RuntimeError `ERR_TASK_RESULT`: a task's result is what its coroutine returns */
  override setResult(_value: T): never {
    throw new RuntimeError(
      "ERR_TASK_RESULT",
      "a task's result is what its coroutine returns: use loop.createFuture() for one that you set",
    );
  }

  /** @throws RuntimeError `ERR_TASK_RESULT`: a task's exception is what its coroutine throws */
  override setException(_exception: Error | (new () => Error)): never {
    throw new RuntimeError(
      "ERR_TASK_RESULT",
      "a task's exception is what its coroutine throws: use loop.createFuture() for one that you set",
    );
  }

  /**
   * Where it is: of a task that waits the calls of its coroutine down to the `yield*` or `await`, which are known in
   * debug mode only; of one that runs the calls under way; of one that has failed those of its exception.
   *
   * @returns the user's frames, the innermost first, ten at the most; none for a task that has ended well, has not
   *   begun, or awaits a promise of others
   * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_UNKNOWN_OPTION`; ValueError `ERR_OUT_OF_RANGE`
   */
  getStack(options: StackOptions = {}): StackFrame[] {
    return stackOf(this as Task, options);
  }

  /** Writes what `getStack` answers, a line each. @throws as `getStack` */
  printStack(options: PrintStackOptions = {}): void {
    printStackOf(this as Task, options);
  }

  /** @internal Calls something in the context in which it steps. */
  _runInContext(other: () => void): void {
    if (this.#context === null) other();
    else this.#context.runInAsyncScope(other);
  }

  /** @internal */
  override _words(): string[] {
    const words = super._words();
    words.splice(2, 0, `name=${this._safeName}`);
    const name = this._bodyName;
    if (name) words.splice(3, 0, `coroutine=${name}`);
    return words;
  }

  /** @internal Its name, also where a subclass has a `getName` that throws. */
  get _safeName(): string {
    return attempt(() => String(this.getName()), "<no name>");
  }

  /** @internal The name of its function; "" if it was made from a generator, or its function has none. */
  get _bodyName(): string {
    return typeof this.#body === "function" ? nameOf(this.#body) : "";
  }

  /** @internal */
  override get _parts(): Iterable<Future> {
    return this.#waiter === null ? (this.#awaited?.futures ?? []) : [this.#waiter];
  }

  /** @internal */
  _step(how: number): number {
    const outer = this._loop._currentTask;
    // A step that is taken at once may be inside such a call, which ends it.
    const isInner = inFirstCall();
    this._loop._currentTask = this;
    try {
      if (this.#context === null && followsContext()) this.#context = emptyContext();
      const context = this.#context;
      return context === null ? this.#advance(how) : context.runInAsyncScope(this.#advance, this, how);
    } catch (error) {
      return this.#raised(error);
    } finally {
      if (inFirstCall() && !isInner) this.#endFirstCall();
      this._loop._currentTask = outer;
    }
  }

  /** @internal */
  _ended(state: FutureState): void {
    this.#cancelsLeft = this._scheduler.core.cancelling(this._id);
    if (state === FutureState.Cancelled && !this._failed)
      this._exception = this._exception ?? this.#cancellation?.message;
    this.#awaited?.dispel();
    this.#awaited = null;
    this.#coroutine = null;
    // Of a task of the user's an exception takes the place of the cancellation, as with asyncio.
    const leaves = this._failed ? isKept(this as Future<unknown>) : state !== FutureState.Cancelled;
    const cancellation = this.#cancellation;
    if (leaves && cancellation?.owed) leaveCancellation(this as Future<unknown>, cancellation.outerNumber);
    this._leave(state);
  }

  /** @internal */
  _cancelWaiter(): boolean {
    const message = this.#cancellation?.message;
    if (this.#waiter !== null) return this.#waiter.cancel(message);
    const cancel = (future: Future): boolean =>
      future instanceof Task && underWay !== null ? future.#reach(underWay) : future.cancel(message);
    return this.#awaited?.cancel(message, cancel) ?? false;
  }

  /** @internal */
  _takeCancellation(): CancelledError | null {
    // Asked at every await, and most of the time there is nothing to ask the core for.
    if (!this.#isCancellationDue) return null;
    this.#isCancellationDue = false;
    // Two that are due are thrown as one.
    const isDue = this._scheduler.core.takeMustCancel(this._id) === 1;
    const owed = this.#cancellation?.takeOwed();
    if (owed) return new CancelledError(owed.message);
    return isDue ? new CancelledError(this.#cancellation?.message) : null;
  }

  /** @internal */
  _owe(message: string | undefined): void {
    this.#cancellation ??= new TaskCancellation();
    this.#cancellation.owed = { message };
    this.#isCancellationDue = true;
  }

  /** @internal */
  _inherit(future: Future): void {
    const cancellation = this.#cancellation;
    if (cancellation === null || !cancellation.inherits(leftCancellation(future))) return;
    if (this.cancelling() > 0) this._owe(cancellation.message);
  }

  /** @internal */
  _awaits(future: Future): void {
    this.#awaited ??= new Awaited((message) => this._owe(message));
    this.#awaited.add(future);
  }

  /** @internal */
  _stopsAwaiting(future: Future): boolean {
    const awaited = this.#awaited;
    // The function has ended.
    if (awaited === null) return true;
    const mayBeLeft = awaited.remove(future);
    const cancellation = this.#cancellation;
    if (mayBeLeft && cancellation?.owed && future.cancelled()) {
      // If the function hears of this cancellation, it has heard of the one that is owed as well.
      awaited.doubt(cancellation.takeOwed()?.message);
    }
    awaited.delivered();
    return mayBeLeft;
  }

  #enter(scheduler: Scheduler, id: number): void {
    if (id < 0) throw scheduler.failure(id);
    this._id = id;
    scheduler.enter(id, this);
  }

  /** Takes the first step inside whatever runs now, and yet not as a part of it. */
  #startAtOnce(scheduler: Scheduler): void {
    const id = scheduler.core.createEagerTask();
    this.#enter(scheduler, id);
    runOutsideTasks(() => scheduler.stepAtOnce(id));
  }

  #cancelInCore(): void {
    const scheduler = this._scheduler;
    const thrownInto = scheduler.core.cancelTask(this._id);
    if (thrownInto > 0) (scheduler.entry(thrownInto) as Task).#isCancellationDue = true;
  }

  #isInCore(): boolean {
    return this._id !== 0 && !this._scheduler.closed;
  }

  /**
   * A cancellation comes to this task, and through it to those that it waits for, as the core will find them. Each is
   * told once, so that tasks that wait for each other in a ring do not keep it going. Returns whether the task can
   * still be cancelled.
   */
  #reach(reaching: CancelCall): boolean {
    if (this._state !== FutureState.Pending) return false;
    const { number, message, withinTask } = reaching;
    if (this.#cancellation?.number !== number) reaching.reached.push(this);
    let task: Task = this as Task;
    while (task.#cancellation?.number !== number && task._state === FutureState.Pending) {
      task.#cancellation ??= new TaskCancellation();
      task.#cancellation.come(number, message, task === withinTask);
      if (task.#waiter instanceof Task) task = task.#waiter;
    }
    return true;
  }

  /** In this step somebody has set a store of AsyncLocalStorage for the first time: the store is this task's, and nobody else's. */
  #endFirstCall(): void {
    this.#context ??= captureContext();
    endFirstCall();
  }

  #advance(how: number): number {
    const waiter = this.#waiter;
    const thrown = this.#thrown;
    this.#waiter = null;
    this.#thrown = null;
    if (this._scheduler.debug) forgetTurn(this);
    const coroutine = this.#coroutine;
    if (coroutine === null) return this.#start(how);
    if (how === ResumeHow.Cancel) {
      const error = waiter?.cancelled() ? waiter._takeException() : new CancelledError(this.#cancellation?.message);
      this.#cancellation?.takeOwed();
      return this.#yielded(coroutine.throw(error));
    }
    const owed = this.#cancellation?.takeOwed();
    if (owed) return this.#yielded(coroutine.throw(new CancelledError(owed.message)));
    if (thrown !== null) return this.#yielded(coroutine.throw(thrown));
    if (waiter === null) return this.#yielded(coroutine.next());
    this._inherit(waiter);
    if (waiter._failed || waiter._state === FutureState.Cancelled)
      return this.#yielded(coroutine.throw(waiter._takeException()));
    return this.#yielded(coroutine.next(waiter._take()));
  }

  /** The first step of a body that is a function. */
  #start(how: number): number {
    if (how === ResumeHow.Cancel) throw new CancelledError(this.#cancellation?.message);
    const body = this.#body as () => Coroutine<T> | PromiseLike<T>;
    // A generator function runs nothing yet, so nothing of it can be taken for an async function's.
    const started = Object.getPrototypeOf(body) === generatorFunctions ? body() : runAsTask(this, body);
    if (isCoroutine<T>(started)) this.#coroutine = started;
    else if (started instanceof Future) this.#coroutine = started[Symbol.iterator]();
    if (this.#coroutine !== null) return this.#yielded(this.#coroutine.next());
    if (!isPromiseLike<T>(started)) {
      throw typeError(
        "ERR_NOT_A_COROUTINE",
        `the function of a task must be a generator function or an async one; it returned ${describe(started)}`,
      );
    }
    if (this._scheduler.blocking) {
      // Whatever the promise comes to, nobody is told.
      started.then(undefined, () => {});
      this._scheduler.checkNodeGoesOn("an async function goes on");
    }
    // A thenable that is no promise may answer at once, before the core knows that the task is detached.
    const promise = Promise.resolve(started);
    this._scheduler.promisesTouched = true;
    this._scheduler.promisesAwaited++;
    promise.then(
      (value) => this.#returned(value),
      (error) => this.#finish(this.#raised(error)),
    );
    return Answer.Detached;
  }

  /** What a generator's step came to. */
  #yielded(result: IteratorResult<Future | undefined, T>): number {
    if (result.done) {
      this._value = result.value;
      this.#oweWhatIsTooLate();
      return Answer.Returned;
    }
    const awaited = result.value;
    if (awaited === undefined) return Answer.Yielded;
    this.#thrown = this.#whyNotAwaitable(awaited);
    if (this.#thrown !== null) return Answer.Yielded;
    this.#waiter = awaited;
    const cancellation = this.#cancellation;
    if (cancellation?.owed && awaited.cancel(cancellation.owed.message)) cancellation.owed = null;
    return awaited._state === FutureState.Pending ? awaited._enter() : Answer.Yielded;
  }

  #whyNotAwaitable(awaited: Future): Error | null {
    if (!(awaited instanceof Future)) {
      return new RuntimeError(
        "ERR_BAD_YIELD",
        `a coroutine yielded ${describe(awaited)}: yield* a Future or a coroutine, and wrap a promise with ensureFuture()`,
      );
    }
    return awaited._whyNotAwaitableBy(this);
  }

  /** What the body threw. */
  #raised(error: unknown): number {
    if (error instanceof CancelledError) {
      this._exception = error;
      return Answer.Cancelled;
    }
    this._fail(error);
    this.#oweWhatIsTooLate();
    if (!(error instanceof FatalError)) return Answer.Raised;
    this._takeException();
    this._scheduler.fatal = { error };
    return Answer.Fatal;
  }

  /** The async function has returned. */
  #returned(value: T): void {
    if (this._state !== FutureState.Pending || this._scheduler.closed) return this.#finish(Answer.Returned);
    this.#oweWhatIsTooLate();
    if (this._scheduler.core.takeMustCancel(this._id) === 1) return this.#finish(Answer.Cancelled);
    this._value = value;
    this.#finish(Answer.Returned);
  }

  /** If a cancellation is due although the body has ended, and the result is kept: the cancellation is owed instead. */
  #oweWhatIsTooLate(): void {
    const cancellation = this.#cancellation;
    if (cancellation === null || !isKept(this as Future<unknown>)) return;
    if (this._state !== FutureState.Pending || !this.#isInCore()) return;
    if (this._scheduler.core.takeMustCancel(this._id) === 1) this._owe(cancellation.message);
  }

  /** Ends a task whose body was an async function. */
  #finish(answer: number): void {
    const scheduler = this._scheduler;
    scheduler.promisesAwaited--;
    if (scheduler.closed) return;
    const id = this._id;
    const state = answer === Answer.Cancelled ? FutureState.Cancelled : FutureState.Finished;
    scheduler.leave(id);
    this._ended(state);
    scheduler.core.settle(id, state);
    scheduler.wake();
  }
}
