/**
 * A host that keeps no rule: it calls every export from within every import, iterations within iterations included, with ids that are stale or
 * made up, and its imports answer whatever comes to mind.
 *
 * Owns: the random choices. The same seed does the same.
 *
 * Does not own: what has to hold all the same (`census.ts`).
 */
import {
  Answer,
  BATCH_RECORD_BYTES,
  BatchAction,
  EVENT_CAPACITY,
  EVENT_RECORD_WORDS,
  EventKind,
  FD_MAX,
  FutureState,
  NO_ID,
  Outcome,
  ResumeHow,
  Status,
} from "../../../assembly/abi.js";
import { type CoreExports, type CoreImports, EventBuffer } from "../../../host/core.js";
import { RandomNumbers } from "../../support/random-numbers.js";
import { Census, type Entry, type Kind } from "./census.js";

const DEPTH_MAX = 6;
const IDS_MAX = 60;
const FDS = 6;
const I32_MAX = 0x7fffffff;
const I32_MIN = -0x80000000;
const RESOLUTION = 1 / 64;

export class HostileHost implements CoreImports {
  readonly census = new Census();
  #core!: CoreExports;
  #events!: EventBuffer;
  readonly #ids: number[] = [];
  readonly #generations = new Map<number, number>();
  readonly #random: RandomNumbers;
  #clock = 0;
  #depth = 0;
  /** What it may still do before it lets everything come to an end. */
  #budget = 0;
  /** What was handed out last. Once that has been followed by something else, its records are no longer read. */
  #batch: Entry[] = [];
  #batches = 0;

  constructor(seed: number) {
    this.#random = new RandomNumbers(seed);
  }

  /** Tells the host which core it is to work on. */
  attach(core: CoreExports): void {
    this.#core = core;
    this.#events = new EventBuffer(core);
    core.init(RESOLUTION);
  }

  /** Does about so many random things, from outside and from within. */
  rage(budget: number): void {
    this.#budget = budget;
    while (this.#budget > 0 && this.census.failure === "") this.#act();
    this.#checkCounts();
  }

  now(): number {
    this.#actWithin(1);
    const choice = this.#random.below(12);
    if (choice === 0) return Number.NaN;
    if (choice === 1) return Number.NEGATIVE_INFINITY;
    if (choice === 2) this.#clock -= this.#random.below(100) / 8;
    else this.#clock += this.#random.below(100) / 16;
    this.census.latest = Math.max(this.census.latest, this.#clock);
    return this.#clock;
  }

  select(timeoutSeconds: number): number {
    this.census.demand(timeoutSeconds >= 0, `${timeoutSeconds} is a time to wait`);
    this.#actWithin(2);
    if (this.#budget <= 0 || this.#random.once(4)) this.#core.stop();
    for (let index = this.#random.below(6); index >= 0; index--) this.#writeEvent(index);
    if (this.#random.once(20)) for (let index = 0; index < EVENT_CAPACITY; index++) this.#writeEvent(index);
    return this.#anyCount();
  }

  watch(fd: number, _interest: number, generation: number): number {
    this.#generations.set(fd, generation);
    this.#actWithin(1);
    return this.#pick([0, 0, 0, 0, 7, -2, -999, I32_MIN]);
  }

  dispatch(id: number): number {
    this.census.runs(id, RESOLUTION);
    this.#actWithin(3);
    return this.#pick([Outcome.Ok, Outcome.Ok, Outcome.Ok, Outcome.Raised, Outcome.Fatal, 77, -1, I32_MIN]);
  }

  runSeries(length: number): number {
    this.census.demand(length > 0, `${length} is the length of a series`);
    this.#actWithin(3);
    return this.#pick([0, 0, 0, 0, length, length + 1, 1, -1, I32_MIN, this.#budget > 0 ? I32_MAX : 0]);
  }

  resume(task: number, how: number): number {
    this.census.task(task, "is alive when it is stepped");
    if (how === ResumeHow.Cancel) this.census.throws();
    this.#actWithin(3);
    if (this.#budget <= 0) return Answer.Returned;
    return this.#anyAnswer();
  }

  taskDone(task: number, state: number): void {
    const entry = this.census.task(task, "is alive when it ends");
    const isEnd = state === FutureState.Cancelled || state === FutureState.Finished;
    this.census.demand(isEnd, `${state} is a state to end in`);
    this.#actWithin(2);
    this.census.end(entry);
  }

  cancelWaiter(task: number): number {
    this.census.task(task, "is alive when its waiting is to be cancelled");
    this.#actWithin(2);
    return this.#pick([0, 0, 1, 1, 2, -1]);
  }

  report(): number {
    this.#actWithin(1);
    return this.#pick([Outcome.Ok, Outcome.Ok, Outcome.Ok, Outcome.Fatal, -9]);
  }

  #actWithin(times: number): void {
    if (this.#depth >= DEPTH_MAX || this.#budget <= 0) return;
    this.#depth++;
    for (let left = this.#random.below(times + 1); left > 0; left--) this.#act();
    this.#depth--;
  }

  #act(): void {
    this.#budget--;
    const choice = this.#random.below(100);
    if (choice < 30) this.#make();
    else if (choice < 70) this.#end();
    else if (choice < 92) this.#nudge();
    else if (choice < 99) this.#iterate();
    else if (this.#random.once(20)) this.#clear();
  }

  #make(): void {
    const core = this.#core;
    const choice = this.#random.below(10);
    if (choice === 0) this.#keep("call", core.callSoon());
    else if (choice === 1) this.#setTimer();
    else if (choice === 2 || choice === 3) this.#keep("future", core.createFuture());
    else if (choice === 4) this.#keep("task", core.createTask());
    else if (choice === 5) this.#startAtOnce();
    else if (choice === 6) this.#addCallback();
    else if (choice === 7) this.#watch();
    else if (choice === 8) this.#keep("arrival", core.expect(this.#anyKind()));
    else {
      const entry = this.#keep("arrival", core.listen(this.#anyKind()));
      if (entry) entry.repeats = true;
    }
  }

  /** Answers for a task at once, later by chance, or never. */
  #startAtOnce(): void {
    const core = this.#core;
    const id = core.createEagerTask();
    this.#keep("task", id);
    if (id > 0 && this.#random.once(2)) core.answer(id, this.resume(id, ResumeHow.Next));
  }

  #setTimer(): void {
    const infinities = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    const when = this.#random.once(10) ? this.#pick(infinities) : this.#clock + this.#random.below(200) / 16 - 2;
    const entry = this.#keep("timer", this.#core.callAt(when));
    if (entry) entry.when = when;
  }

  #addCallback(): void {
    const future = this.#anyId();
    const entry = this.#keep("callback", this.#core.addCallback(future));
    if (entry) entry.future = this.census.find(future);
  }

  /** Watches a side of an fd. Whatever this replaced is gone, also what was added while the selector was asked. */
  #watch(): void {
    const fd = this.#anyFd();
    const isReader = this.#random.once(2);
    const core = this.#core;
    const id = isReader ? core.addReader(fd) : core.addWriter(fd);
    if (id > 0) this.#keep("watch", id);
    this.#dropReplaced();
  }

  #dropReplaced(): void {
    const kept = new Set<number>();
    for (let fd = 0; fd < FDS; fd++) kept.add(this.#core.readerOf(fd)).add(this.#core.writerOf(fd));
    kept.add(this.#core.readerOf(FD_MAX)).add(this.#core.writerOf(FD_MAX));
    for (const entry of this.census.living()) {
      if (entry.kind === "watch" && !kept.has(entry.id)) this.census.end(entry);
    }
  }

  #end(): void {
    const { census } = this;
    const core = this.#core;
    const id = this.#anyId();
    const entry = census.find(id);
    const choice = this.#random.below(9);
    if (choice === 0) {
      if (core.cancel(id) === 1) census.end(entry);
    } else if (choice === 1) {
      if (core.forget(id) === 1) census.end(entry);
    } else if (choice === 2) {
      if (core.removeCallback(id) === Status.Ok) census.end(entry);
    } else if (choice === 3) {
      if (core.settle(id, this.#pick([1, 2, 0, 3, -1])) === Status.Ok) census.end(entry);
    } else if (choice === 4) this.#drop(id, entry);
    else if (choice === 5) {
      // Counted before, as the cancellation may be thrown within the call.
      census.cancellations++;
      if (core.cancelTask(id) === Status.BadId) census.cancellations--;
    } else if (choice === 6) {
      if (core.takeMustCancel(id) === 1) census.throws();
    } else {
      const fd = this.#anyFd();
      // Ended before, as the selector is asked after it.
      census.end(census.find(choice === 7 ? core.readerOf(fd) : core.writerOf(fd)));
      if (choice === 7) core.removeReader(fd);
      else core.removeWriter(fd);
    }
  }

  #drop(id: number, future: Entry | null): void {
    if (this.#core.dropFuture(id) !== Status.Ok) return;
    this.census.end(future);
    for (const entry of this.census.living()) if (entry.future === future) this.census.end(entry);
  }

  #nudge(): void {
    const core = this.#core;
    const choice = this.#random.below(9);
    if (choice === 0) core.answer(this.#anyId(), this.#anyAnswer());
    else if (choice === 1) core.uncancel(this.#anyId());
    else if (choice === 2) core.cancelling(this.#anyId());
    else if (choice === 3) core.stop();
    else if (choice === 4) core.clearStop();
    else if (choice === 5) core.init(this.#pick([RESOLUTION, Number.NaN, -1]));
    else if (choice === 6) this.#checkCounts();
    else this.#extendSeries();
  }

  #extendSeries(): void {
    const { memory, openSeries, extendSeries } = this.#core;
    const open = new Int32Array(memory.buffer, openSeries(), 1);
    const length = open[0] as number;
    if (length > 0 && this.#random.once(2)) open[0] = length + 1;
    else extendSeries();
  }

  #iterate(): void {
    const core = this.#core;
    const choice = this.#random.below(8);
    if (choice === 0) core.pollTimeout();
    else if (choice === 1) core.takeEvents(this.#anyCount());
    else if (choice === 2) core.beginBatch();
    else {
      this.#endBatch();
      if (choice === 3) core.runReady();
      else if (choice === 4) core.runOnce();
      else if (choice === 5) core.runForever();
      else this.#runBatch();
    }
  }

  #runBatch(): void {
    const core = this.#core;
    if (this.#random.once(2)) core.beginBatch();
    const count = core.takeReady();
    const number = this.#batches;
    for (let index = 0; index < count && number === this.#batches; index++) {
      const [id, action] = this.#record(index);
      if (action === BatchAction.Dispatch && id !== NO_ID) this.#batch.push(this.census.find(id) as Entry);
    }
    for (let index = 0; index < count && number === this.#batches; index++) {
      const [id, action] = this.#record(index);
      if (id === NO_ID) continue;
      if (action === BatchAction.RunSeries) this.runSeries(id);
      else if (action === BatchAction.Dispatch) this.dispatch(id);
      else core.answer(id, this.resume(id, action === BatchAction.ResumeCancelled ? ResumeHow.Cancel : ResumeHow.Next));
    }
  }

  #record(index: number): [id: number, action: number] {
    const { memory, batchBuffer } = this.#core;
    const [id = NO_ID, action = 0] = new Int32Array(memory.buffer, batchBuffer() + index * BATCH_RECORD_BYTES, 2);
    return [id, action];
  }

  /** What was handed out is over, whether it was run or not. */
  #endBatch(): void {
    this.#batches++;
    for (const entry of this.#batch) if (entry.kind !== "watch" && !entry.repeats) this.census.end(entry);
    this.#batch = [];
  }

  #clear(): void {
    this.#core.clear();
    this.census.endAll();
    this.#batch = [];
    this.census.demand(this.#core.liveSlots() === 0, "no slot is alive after a clear");
    this.census.demand(this.#core.readyCount() === 0, "nothing is ready after a clear");
    this.census.demand(this.#core.timerCount() === 0, "no timer is set after a clear");
  }

  #checkCounts(): void {
    const { census } = this;
    const core = this.#core;
    census.demand(core.liveSlots() >= census.living().length, "whoever is alive has a slot");
    census.demand(core.cancelledTimerCount() >= 0, "a count of cancelled timers");
    census.demand(core.timerCount() >= core.cancelledTimerCount(), "no more timers are cancelled than there are");
    census.demand(core.readyCount() >= 0, "a count of what is ready");
  }

  #writeEvent(index: number): void {
    const fd = this.#anyFd();
    const known = this.#random.once(2)
      ? [EventKind.FdReady, fd, this.#random.below(8), this.#generations.get(fd) ?? 0]
      : [this.#anyKind(), this.#anyId(), this.#anyNumber(), this.#anyNumber()];
    this.#events.view.set(known, index * EVENT_RECORD_WORDS);
  }

  #keep(kind: Kind, id: number): Entry | null {
    const entry = this.census.enter(kind, id);
    if (this.#ids.length < IDS_MAX) this.#ids.push(id);
    else this.#ids[this.#random.below(IDS_MAX)] = id;
    return entry;
  }

  #anyId(): number {
    if (this.#random.once(20)) return this.#anyNumber();
    let id = NO_ID;
    // Most are stale, so that a few tries are made for one that is not.
    for (let tries = this.#random.below(8); tries >= 0 && this.census.find(id) === null; tries--) {
      id = this.#ids[this.#random.below(this.#ids.length)] ?? NO_ID;
    }
    return id;
  }

  /** Of event records. */
  #anyCount(): number {
    if (this.#random.once(30)) return this.#pick([EVENT_CAPACITY, EVENT_CAPACITY + 1, I32_MAX]);
    return this.#random.once(10) ? this.#pick([-1, I32_MIN, Number.NaN]) : this.#random.below(6);
  }

  #anyAnswer(): number {
    if (!this.#random.once(3)) return this.#anyId();
    if (this.#random.once(8)) return this.#pick([Answer.Detached, Answer.Fatal, Answer.Fatal - 1, I32_MIN, I32_MAX]);
    return this.#pick([Answer.Yielded, Answer.Returned, Answer.Raised, Answer.Cancelled]);
  }

  #anyFd(): number {
    return this.#random.once(30) ? this.#pick([-1, FD_MAX, FD_MAX + 1, I32_MAX, I32_MIN]) : this.#random.below(FDS);
  }

  #anyKind(): number {
    return this.#random.once(10) ? this.#anyNumber() : 1 + this.#random.below(6);
  }

  #anyNumber(): number {
    return this.#pick([0, 1, 2, 63, 64, 0x7fffff, 0x800000, I32_MAX, I32_MIN, -1, -1001, this.#random.below(2 ** 31)]);
  }

  #pick(numbers: number[]): number {
    return numbers[this.#random.below(numbers.length)] as number;
  }
}
