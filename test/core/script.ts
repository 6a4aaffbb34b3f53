/**
 * The host of the unit tests: everything outside is scripted, and everything the core asks for is written down.
 *
 * Owns: a clock that moves only when `select` waits, the events that the next `select` tells, callbacks and coroutines by id, and the
 * trace: one word for each thing that happened, in order.
 *
 *   +3           a series of three calls ran
 *   a            the callback labelled a ran            fatal actions and the like are the action's own words
 *   t t!         task t took a step, was cancelled at its await
 *   t=finished   task t ended so                        t=cancelled
 *   t?           the host was asked to cancel what t waits for
 *   a:raised     report(CallbackRaised, a)              t:badAnswer, 7:badEvent
 *   forever      `select` was to wait for ever: the script stops the loop
 *
 * Does not own: random programs (`model-program.ts`).
 */
import { EVENT_RECORD_BYTES, EventKind, FutureState, Outcome, Report, ResumeHow } from "../../assembly/abi";
import { expect, listen } from "../../assembly/arrivals";
import { callAt, callSoon } from "../../assembly/calls";
import { addCallback, createFuture, settle } from "../../assembly/futures";
import { clear, eventBuffer, init, runOnce, stop } from "../../assembly/loop";
import { extendSeries } from "../../assembly/ready-queue";
import { createEagerTask, createTask } from "../../assembly/tasks";
import { addReader, addWriter } from "../../assembly/watches";
import { Host, install } from "./scripted-host";

/** What a callback does when it runs; it reaches its test through module variables, because AssemblyScript has no closures. */
export type Action = () => void;

/** What a coroutine answers to its step number `step`, counted from 0. */
export type Coroutine = (step: i32, how: ResumeHow) => i32;

/** The clock's resolution in every test, in seconds. A power of two, so that sums with it are exact. */
export const RESOLUTION: f64 = 0.0009765625;

class Callback {
  constructor(
    public label: string,
    public action: Action | null,
  ) {}
}

class Driver {
  steps: i32 = 0;
  /** What the coroutine waited for when it last answered. */
  waitsFor: i32 = 0;
  /** Whether it keeps what it waits for from being cancelled. */
  refuses: bool = false;

  constructor(
    public label: string,
    public coroutine: Coroutine,
  ) {}
}

class Event {
  constructor(
    public kind: i32,
    public source: i32,
    public detail: i32,
    public tag: i32,
  ) {}
}

export class Script extends Host {
  clock: f64 = 0;
  /** How often the core asked for the time. */
  clockReads: i32 = 0;
  /** What `select` was last told to wait, in seconds. */
  timeout: f64 = -1;
  /** What `watch` answers. */
  watchStatus: i32 = 0;
  /** How often `watch` was asked, and for what it was last asked. */
  watchCalls: i32 = 0;
  watchFd: i32 = -1;
  watchInterest: i32 = -1;
  watchGeneration: i32 = -1;
  /** What the running callback's `dispatch` answers. */
  outcome: i32 = 0;
  /** What `report` answers. */
  reportOutcome: i32 = 0;
  /** What `runSeries` answers. */
  seriesLeft: i32 = 0;
  /** What happens while the end of a task is told. */
  told: Action | null = null;
  /** What happens while the host is asked to cancel what a task waits for. */
  asked: Action | null = null;
  words: string[] = [];
  events: Event[] = [];
  callbacks: Map<i32, Callback> = new Map();
  drivers: Map<i32, Driver> = new Map();

  now(): f64 {
    this.clockReads++;
    return this.clock;
  }

  select(timeoutSeconds: f64): i32 {
    this.timeout = timeoutSeconds;
    if (this.events.length > 0) return writeEvents();
    if (timeoutSeconds == Infinity) {
      say("forever");
      stop();
    } else this.clock += timeoutSeconds;
    return 0;
  }

  watch(fd: i32, interest: i32, generation: i32): i32 {
    this.watchCalls++;
    this.watchFd = fd;
    this.watchInterest = interest;
    this.watchGeneration = generation;
    return this.watchStatus;
  }

  dispatch(id: i32): i32 {
    const callback = this.callbacks.get(id);
    say(callback.label);
    this.outcome = Outcome.Ok;
    const action = callback.action;
    if (action) action();
    const outcome = this.outcome;
    this.outcome = Outcome.Ok;
    return outcome;
  }

  runSeries(length: i32): i32 {
    say("+" + length.toString());
    return this.seriesLeft;
  }

  resume(task: i32, how: i32): i32 {
    const driver = this.drivers.get(task);
    say(how == ResumeHow.Cancel ? driver.label + "!" : driver.label);
    const answer = driver.coroutine(driver.steps++, how as ResumeHow);
    driver.waitsFor = answer > 0 ? answer : 0;
    return answer;
  }

  taskDone(task: i32, state: i32): void {
    say(this.drivers.get(task).label + (state == FutureState.Cancelled ? "=cancelled" : "=finished"));
    const told = this.told;
    if (told) told();
  }

  cancelWaiter(task: i32): i32 {
    const driver = this.drivers.get(task);
    say(driver.label + "?");
    const asked = this.asked;
    if (asked) asked();
    if (driver.refuses) return 0;
    // A detached task has nothing in the core to cancel: its host throws the cancellation itself.
    if (driver.waitsFor != 0) settle(driver.waitsFor, FutureState.Cancelled);
    return 1;
  }

  report(what: i32, id: i32): i32 {
    if (what == Report.CallbackRaised) say(this.callbacks.get(id).label + ":raised");
    else if (what == Report.BadAnswer) say(this.drivers.get(id).label + ":badAnswer");
    else say(id.toString() + ":badEvent");
    return this.reportOutcome;
  }
}

/** The script that the running test talks to. */
export let script: Script = new Script();

/** Starts a test: an empty core, a new script, and the clock at 0. */
export function begin(): void {
  clear();
  init(RESOLUTION);
  script = new Script();
  install(script);
}

/** Adds a word to the trace. */
export function say(word: string): void {
  script.words.push(word);
}

/** Takes the trace: its words since it was last taken. */
export function heard(): string {
  const words = script.words.join(" ");
  script.words = [];
  return words;
}

/** Lets the running callback raise. */
export function raise(): void {
  script.outcome = Outcome.Raised;
}

/** Lets the running callback raise an error that ends the run. */
export function raiseFatal(): void {
  script.outcome = Outcome.Fatal;
}

/** Lets the handler of every error be fatal itself, from now on. */
export function reportFatal(): void {
  script.reportOutcome = Outcome.Fatal;
}

/** Does something while the end of a task is told, from now on. */
export function whenTold(action: Action): void {
  script.told = action;
}

/** Does something while the host is asked to cancel what a task waits for, from now on. */
export function whenAsked(action: Action): void {
  script.asked = action;
}

/** Queues a call. Returns its id. */
export function soon(label: string, action: Action | null = null): i32 {
  return callback(callSoon(), label, action);
}

/** Makes calls without ids. */
export function series(length: i32): void {
  for (let index: i32 = 0; index < length; index++) extendSeries();
}

/** Sets a timer. Returns its id. */
export function at(when: f64, label: string, action: Action | null = null): i32 {
  return callback(callAt(when), label, action);
}

/** Watches an fd for reading. Returns the watch's id. */
export function reader(fd: i32, label: string, action: Action | null = null): i32 {
  return callback(addReader(fd), label, action);
}

/** Watches an fd for writing. Returns the watch's id. */
export function writer(fd: i32, label: string, action: Action | null = null): i32 {
  return callback(addWriter(fd), label, action);
}

/** Waits for one event of `kind`. Returns an id. */
export function once(kind: i32, label: string, action: Action | null = null): i32 {
  return callback(expect(kind), label, action);
}

/** Waits for events of `kind`. Returns an id. */
export function arrival(kind: i32, label: string, action: Action | null = null): i32 {
  return callback(listen(kind), label, action);
}

/** Adds a done callback. Returns its id. */
export function whenDone(future: i32, label: string, action: Action | null = null): i32 {
  return callback(addCallback(future), label, action);
}

/** Makes a task. Returns its id. */
export function task(label: string, coroutine: Coroutine): i32 {
  const id = createTask();
  script.drivers.set(id, new Driver(label, coroutine));
  return id;
}

/** Makes a task whose first step is the host's. Returns its id. */
export function eagerTask(label: string, coroutine: Coroutine): i32 {
  const id = createEagerTask();
  script.drivers.set(id, new Driver(label, coroutine));
  return id;
}

/** Makes a task keep what it waits for from being cancelled, from now on. */
export function refuseCancel(id: i32): void {
  script.drivers.get(id).refuses = true;
}

/** Makes `count` pending futures. Returns the first one's id. */
export function futures(count: i32): i32 {
  const first = createFuture();
  for (let index: i32 = 1; index < count; index++) createFuture();
  return first;
}

/** Lets the next `select` tell that an fd is ready. */
export function fdEvent(fd: i32, readiness: i32, generation: i32): void {
  script.events.push(new Event(EventKind.FdReady, fd, readiness, generation));
}

/** Lets the next `select` tell of an event whose source is an id. */
export function event(kind: i32, id: i32): void {
  script.events.push(new Event(kind, id, 0, 0));
}

/** Lets the next `select` tell of an event of any kind. */
export function rawEvent(kind: i32): void {
  script.events.push(new Event(kind, 0, 0, 0));
}

/** Writes the scripted events into the core's memory. Returns their number. */
export function writeEvents(): i32 {
  const events = script.events;
  for (let index: i32 = 0; index < events.length; index++) {
    const record = eventBuffer() + <usize>index * <usize>EVENT_RECORD_BYTES;
    store<i32>(record, events[index].kind, 0);
    store<i32>(record, events[index].source, 4);
    store<i32>(record, events[index].detail, 8);
    store<i32>(record, events[index].tag, 12);
  }
  script.events = [];
  return events.length;
}

/** Runs so many iterations. Returns what the last one answered. */
export function iterate(count: i32 = 1): i32 {
  let result: i32 = 0;
  for (let index: i32 = 0; index < count; index++) result = runOnce();
  return result;
}

function callback(id: i32, label: string, action: Action | null): i32 {
  script.callbacks.set(id, new Callback(label, action));
  return id;
}
