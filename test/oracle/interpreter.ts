/**
 * Runs one of the oracle's programs on `VirtualEventLoop` and records the events in the oracle's words.
 *
 * Owns: the meaning of every instruction on our side. `session.py` is its twin: an instruction that changes here changes there.
 *
 * Does not own: locks and their kin (`things.ts`), task groups and time limits (`blocks.ts`), the instructions' shapes (`program.ts`), their words (`words.ts`), or what the events should have been (`traces.jsonl`).
 */
import {
  CancelledError,
  type Coroutine,
  currentTask,
  eagerTaskFactory,
  FatalError,
  type Future,
  gather,
  type Handle,
  KeyboardInterrupt,
  shield,
  sleep,
  type Task,
  TimerHandle,
} from "../../host/index.js";
import { VirtualEventLoop } from "../../host/testing.js";
import { Blocks } from "./blocks.js";
import { type Op, type Phase, type Program, type Step, TICKS_PER_SECOND, type Value } from "./program.js";
import { type Teller, Things } from "./things.js";
import { Boom, describe, show, stateOf } from "./words.js";

/** A loop that goes wrong can go on for ever: no recorded trace is a tenth as long. */
const EVENTS_MAX = 20_000;

/** Runs a program from its first phase to its last and closes the loop. Never throws for what the program does. */
export async function run(program: Program): Promise<string[]> {
  const session = new Session(program);
  for (const phase of program.phases) await session.run(phase);
  return session.finish();
}

/** The returned value when the body returned; undefined when it came to its end. */
type Returned = [Value] | undefined;

class Session {
  readonly #loop = new VirtualEventLoop();
  readonly #handles = new Map<string, Handle>();
  readonly #futures = new Map<string, Future<Value>>();
  readonly #tasks = new Map<string, Task<Value>>();
  readonly #functions = new Map<string, (future: Future<Value>) => void>();
  readonly #names = new Map<unknown, string>();
  readonly #trace: string[] = [];
  readonly #things: Things;
  readonly #blocks: Blocks;
  #over = false;

  constructor(readonly program: Program) {
    const teller: Teller = {
      event: (text) => this.#event(text),
      attempt: (label, action) => this.#attempt(label, action),
    };
    this.#things = new Things(teller);
    this.#blocks = new Blocks({
      ...teller,
      loop: this.#loop,
      coroutine: (label, body) => this.#coroutine(label, body),
      steps: (me, body) => this.#steps(me, body),
      made: (label, task) => this.#made(label, task),
      current: () => currentTask(this.#loop) as Task,
    });
    if (program.eager) this.#loop.setTaskFactory(eagerTaskFactory);
    this.#loop.setExceptionHandler((_loop, context) => {
      if (context.message.startsWith("Exception in callback")) {
        this.#event(`exception in callback ${describe(context.exception)}`);
      }
    });
  }

  async run(phase: Phase): Promise<void> {
    for (const op of phase.setup) this.#do(op);
    const future = phase.until === undefined ? undefined : this.#futures.get(phase.until);
    try {
      if (future) {
        this.#event(`runUntilComplete ${phase.until}`);
        this.#event(`completed ${show(await this.#loop.runUntilComplete(future))}`);
      } else {
        this.#event("runForever");
        await this.#loop.runForever();
        this.#event("stopped");
      }
    } catch (error) {
      this.#event(`failed ${describe(error)}`);
    }
  }

  finish(): string[] {
    const cancelled = [...this.#handles].filter(([, handle]) => handle.cancelled()).map(([label]) => label);
    this.#event(["end cancelled", ...cancelled].join(" "));
    for (const [label, future] of this.#futures) {
      const task = this.#tasks.get(label);
      this.#event(`end ${label} ${stateOf(future)}${task ? `, cancelling ${task.cancelling()}` : ""}`);
    }
    this.#things.recordEnd();
    this.#over = true;
    this.#loop.close();
    return this.#trace;
  }

  #event(text: string): void {
    if (this.#over) return;
    if (this.#trace.length > EVENTS_MAX) throw new FatalError(`The program made more than ${EVENTS_MAX} events.`);
    this.#trace.push(`${this.#loop.time() * TICKS_PER_SECOND} ${text}`);
  }

  #attempt(label: string, action: () => unknown): void {
    let outcome: string;
    try {
      outcome = `-> ${show(action())}`;
    } catch (error) {
      outcome = `throws ${describe(error)}`;
    }
    this.#event(`${label} ${outcome}`);
  }

  readonly #runCallback = (label: string, body: Op[]): void => {
    this.#event(`run ${label}`);
    for (const op of body) this.#do(op);
  };

  #function(label: string): (future: Future<Value>) => void {
    let fn = this.#functions.get(label);
    if (!fn) {
      fn = (future) => {
        this.#event(`${label} gets ${this.#names.get(future)} ${stateOf(future)}`);
        for (const op of this.program.functions[label] ?? []) this.#do(op);
      };
      this.#functions.set(label, fn);
    }
    return fn;
  }

  #do(op: Op): void {
    if (this.#over) return;
    switch (op[0]) {
      case "soon":
        this.#handles.set(op[1], this.#loop.callSoon(this.#runCallback, op[1], op[2]));
        return;
      case "later":
        this.#handles.set(op[1], this.#loop.callLater(op[2] / TICKS_PER_SECOND, this.#runCallback, op[1], op[3]));
        return;
      case "at":
        this.#handles.set(op[1], this.#loop.callAt(op[2] / TICKS_PER_SECOND, this.#runCallback, op[1], op[3]));
        return;
      case "drop":
      case "when":
        this.#doToHandle(op, this.#handles.get(op[1]));
        return;
      case "stop":
        this.#event("stop");
        this.#loop.stop();
        return;
      case "future":
        this.#named(op[1], this.#loop.createFuture<Value>());
        return;
      case "task":
        this.#createTask(op[1], op[2]);
        return;
      case "gather": {
        const inner = op[2].split(" ").flatMap((label) => this.#futures.get(label) ?? []);
        if (inner.length > 0) this.#named(op[1], gather(inner, { returnExceptions: op[3] }));
        return;
      }
      case "shield": {
        const inner = this.#futures.get(op[2]);
        if (inner) this.#named(op[1], shield(inner));
        return;
      }
      case "current":
        this.#event(`current ${this.#names.get(currentTask()) ?? "none"}`);
        return;
      case "raise":
        throw new Boom(op[1]);
      case "throwCancelled":
        throw new CancelledError(op[1]);
      case "interrupt":
        this.#event("interrupt");
        throw new KeyboardInterrupt("The program interrupts itself.");
      case "cancelling":
      case "uncancel": {
        const task = this.#tasks.get(op[1]);
        if (task) this.#event(`${op[1]}.${op[0]}() -> ${task[op[0]]()}`);
        return;
      }
      case "lock":
      case "event":
      case "semaphore":
      case "queue":
      case "release":
      case "setEvent":
      case "clearEvent":
      case "putNowait":
      case "getNowait":
      case "taskDone":
      case "tell":
        this.#things.do(op);
        return;
      case "member":
      case "reschedule":
      case "expired":
        this.#blocks.do(op);
        return;
      default: {
        const future = this.#futures.get(op[1]);
        if (future) this.#doToFuture(op, future);
      }
    }
  }

  #doToHandle(op: Extract<Op, ["drop" | "when", ...unknown[]]>, handle: Handle | undefined): void {
    if (op[0] === "drop" && handle) {
      const before = handle.cancelled();
      handle.cancel();
      this.#event(`${op[1]} cancelled ${before} -> ${handle.cancelled()}`);
    } else if (op[0] === "when" && handle instanceof TimerHandle) {
      this.#event(`${op[1]} when ${handle.when() * TICKS_PER_SECOND}`);
    }
  }

  #doToFuture(
    op: Extract<Op, ["set" | "fail" | "cancel" | "add" | "remove" | "state" | "result" | "exception", ...unknown[]]>,
    future: Future<Value>,
  ): void {
    const label = op[1];
    switch (op[0]) {
      case "set":
        this.#attempt(`${label}.setResult(${op[2]})`, () => future.setResult(op[2]));
        return;
      case "fail":
        this.#attempt(`${label}.setException(${op[2]})`, () => future.setException(new Boom(op[2])));
        return;
      case "cancel":
        this.#attempt(`${label}.cancel(${op[2] ?? ""})`, () => future.cancel(op[2]));
        return;
      case "add":
        future.addDoneCallback(this.#function(op[2]));
        return;
      case "remove":
        this.#attempt(`${label}.removeDoneCallback(${op[2]})`, () => future.removeDoneCallback(this.#function(op[2])));
        return;
      case "state":
        this.#event(`${label} is ${stateOf(future)}, done ${future.done()}, cancelled ${future.cancelled()}`);
        return;
      case "result":
        this.#attempt(`${label}.result()`, () => future.result());
        return;
      case "exception":
        this.#attempt(`${label}.exception()`, () => future.exception());
    }
  }

  #named(label: string, future: Future<Value>): void {
    this.#futures.set(label, future);
    // The shield of a future that is done is that future.
    if (!this.#names.has(future)) this.#names.set(future, label);
  }

  /** Half of the tasks are made from a generator and half from a generator function: the trace is the same. */
  #createTask(label: string, body: Step[]): void {
    const asFunction = Number(label.slice(1)) % 2 === 1;
    const coroutine = () => this.#coroutine(label, body);
    this.#made(label, this.#loop.createTask<Value>(asFunction ? coroutine : coroutine()));
  }

  #made(label: string, task: Task<Value>): void {
    this.#tasks.set(label, task);
    this.#named(label, task);
  }

  *#coroutine(label: string, body: Step[]): Coroutine<Value> {
    this.#event(`${label} starts`);
    const value = (yield* this.#steps(label, body))?.[0] ?? null;
    this.#event(`${label} returns ${show(value)}`);
    return value;
  }

  *#steps(me: string, body: Step[]): Coroutine<Returned> {
    for (const step of body) {
      if (this.#over) continue;
      const returned = yield* this.#step(me, step);
      if (returned) return returned;
    }
    return undefined;
  }

  *#step(me: string, step: Step): Coroutine<Returned> {
    switch (step[0]) {
      case "return":
        return [step[1]];
      case "sleep":
        this.#event(`${me} slept ${show(yield* sleep(step[1] / TICKS_PER_SECOND, step[2]))}`);
        return undefined;
      case "yield":
        yield;
        this.#event(`${me} goes on`);
        return undefined;
      case "await": {
        const future = this.#futures.get(step[1]);
        if (future) this.#event(`${me} got ${step[1]} ${show(yield* future)}`);
        return undefined;
      }
      case "badYield":
        yield 5 as never;
        return undefined;
      case "call": {
        const returned: Returned = yield* this.#steps(me, step[1]);
        this.#event(`${me} called and got ${show(returned?.[0])}`);
        return undefined;
      }
      case "try":
        return yield* this.#try(me, step);
      case "acquire":
      case "waitEvent":
      case "put":
      case "get":
      case "join":
        yield* this.#things.step(me, step);
        return undefined;
      case "group":
      case "limit":
        return yield* this.#blocks.step(me, step);
      case "hold":
        return yield* this.#hold(me, step[1], step[2]);
      default:
        this.#do(step);
        return undefined;
    }
  }

  *#hold(me: string, label: string, body: Step[]): Coroutine<Returned> {
    yield* this.#things.step(me, ["acquire", label]);
    try {
      return yield* this.#steps(me, body);
    } finally {
      if (!this.#over) this.#things.do(["release", label]);
    }
  }

  *#try(me: string, [, body, kind, handler, then, final]: Extract<Step, ["try", ...unknown[]]>): Coroutine<Returned> {
    try {
      return yield* this.#steps(me, body);
    } catch (error) {
      const sort = error instanceof CancelledError ? "cancel" : "error";
      if (error instanceof FatalError || (kind !== "any" && kind !== sort)) throw error;
      this.#event(`${me} caught ${describe(error)}`);
      const returned: Returned = yield* this.#steps(me, handler);
      if (returned || then === "swallow") return returned;
      throw error;
    } finally {
      if (!this.#over && final.length > 0) {
        this.#event(`${me} cleans up`);
        yield* this.#steps(me, final);
      }
    }
  }
}
