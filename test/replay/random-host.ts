/**
 * A host that does random things: the same for the same seed, and whatever the core lets it do.
 *
 * Owns: a clock, events, callbacks and coroutines made of random numbers, good and bad arguments alike.
 *
 * Does not own: whether the core is right (`test/core/model.test.ts` says that): here it only has to do the same everywhere.
 */
import {
  Answer,
  BATCH_RECORD_BYTES,
  BatchAction,
  EVENT_RECORD_WORDS,
  EventKind,
  FD_MAX,
  FutureState,
  NO_ID,
  Outcome,
  ResumeHow,
} from "../../assembly/abi.js";
import { type CoreExports, type CoreImports, EventBuffer } from "../../host/core.js";

/** Ids that are picked from, many of them stale. */
const IDS_MAX = 100;
const FDS = 8;
const ENOENT = -2;

export class RandomHost implements CoreImports {
  #core!: CoreExports;
  #events!: EventBuffer;
  #state: number;
  #clock = 0;
  readonly #ids: number[] = [];
  readonly #generations = new Map<number, number>();

  constructor(seed: number) {
    this.#state = seed;
  }

  /** Tells the host which core it is to work on. */
  attach(core: CoreExports): void {
    this.#core = core;
    this.#events = new EventBuffer(core);
    core.init(0.001);
  }

  /** One iteration by `runOnce`, after some random calls. */
  iterate(): void {
    this.#callMany(8);
    this.#core.runOnce();
  }

  /** One iteration in parts, after some random calls. */
  iterateInParts(): void {
    this.#callMany(8);
    const core = this.#core;
    core.takeEvents(this.select(core.pollTimeout()));
    core.beginBatch();
    for (let count = core.takeReady(); count > 0; count = core.takeReady()) {
      for (let index = 0; index < count; index++) this.#runRecord(index);
    }
  }

  /** Loses everything. */
  close(): void {
    this.#core.clear();
    this.#core.liveSlots();
  }

  now(): number {
    return this.#clock;
  }

  select(timeoutSeconds: number): number {
    this.#clock += Number.isFinite(timeoutSeconds) && this.#once(2) ? timeoutSeconds : this.#below(100) / 64;
    const count = this.#below(4);
    const { view } = this.#events;
    for (let index = 0; index < count; index++) {
      const fd = this.#below(FDS);
      const generation = (this.#generations.get(fd) ?? 0) - Number(this.#once(8));
      const kind = this.#once(50) ? 77 : EventKind.FdReady;
      view.set([kind, fd, this.#below(8), generation], index * EVENT_RECORD_WORDS);
    }
    return count;
  }

  watch(fd: number, _interest: number, generation: number): number {
    if (this.#once(10)) return ENOENT;
    this.#generations.set(fd, generation);
    return 0;
  }

  dispatch(): number {
    this.#callMany(4);
    return this.#once(20) ? Outcome.Raised : this.#once(100) ? Outcome.Fatal : Outcome.Ok;
  }

  runSeries(length: number): number {
    for (let left = length; left > 0; left--) {
      const outcome = this.dispatch();
      if (outcome === Outcome.Fatal || (outcome === Outcome.Raised && this.report() === Outcome.Fatal)) return left;
    }
    return 0;
  }

  resume(_task: number, how: number): number {
    this.#callMany(4);
    if (how === ResumeHow.Cancel && this.#once(2)) return Answer.Cancelled;
    const choice = this.#below(20);
    if (choice < 4) return Answer.Returned;
    if (choice < 8) return Answer.Yielded;
    if (choice < 12) return -this.#below(8);
    return this.#pick();
  }

  taskDone(): void {
    this.#callMany(2);
  }

  cancelWaiter(): number {
    if (this.#once(2)) this.#core.settle(this.#pick(), FutureState.Cancelled);
    return this.#below(2);
  }

  report(): number {
    return this.#once(50) ? Outcome.Fatal : Outcome.Ok;
  }

  #runRecord(index: number): void {
    const { memory, batchBuffer, answer } = this.#core;
    const [id = NO_ID, action] = new Int32Array(memory.buffer, batchBuffer() + index * BATCH_RECORD_BYTES, 2);
    if (id === NO_ID) return;
    if (action === BatchAction.RunSeries) {
      this.runSeries(id);
    } else if (action !== BatchAction.Dispatch) {
      answer(id, this.resume(id, action === BatchAction.ResumeCancelled ? ResumeHow.Cancel : ResumeHow.Next));
    } else if (this.dispatch() === Outcome.Raised) this.report();
  }

  /** Makes a call without an id, in the memory alone where that may be done. */
  #extendSeries(): void {
    const { memory, openSeries, extendSeries } = this.#core;
    const open = new Int32Array(memory.buffer, openSeries(), 1);
    const length = open[0] as number;
    if (length > 0 && this.#once(2)) open[0] = length + 1;
    else extendSeries();
  }

  #callMany(countMax: number): void {
    for (let left = this.#below(countMax); left > 0; left--) this.#call();
  }

  #call(): void {
    const core = this.#core;
    const when = this.#clock + (this.#below(1000) - 100) / 64;
    const fd = this.#once(30) ? FD_MAX + 1 : this.#below(FDS);
    const calls = [
      () => this.#extendSeries(),
      () => this.#keep(core.callSoon()),
      () => this.#keep(core.callSoon()),
      () => this.#keep(core.callAt(this.#once(50) ? Number.NaN : this.#once(50) ? Number.POSITIVE_INFINITY : when)),
      () => this.#keep(core.callAt(when)),
      () => this.#keep(core.createFuture()),
      () => this.#keep(core.createTask()),
      () => this.#keep(core.createTask()),
      () => this.#keep(core.addCallback(this.#pick())),
      () => this.#keep(core.addCallback(this.#pick())),
      () => this.#keep(core.addReader(fd)),
      () => this.#keep(core.addWriter(fd)),
      () => core.removeReader(fd),
      () => core.removeWriter(fd),
      () => core.cancel(this.#pick()),
      () => core.cancel(this.#pick()),
      () => core.settle(this.#pick(), this.#below(4)),
      () => core.settle(this.#pick(), FutureState.Finished),
      () => core.removeCallback(this.#pick()),
      () => core.dropFuture(this.#pick()),
      () => core.cancelTask(this.#pick()),
      () => core.cancelling(this.#pick()),
      () => core.uncancel(this.#pick()),
      () => core.takeMustCancel(this.#pick()),
      () => core.answer(this.#pick(), Answer.Yielded),
      () => (this.#once(10) ? core.stop() : core.clearStop()),
      () => core.readyCount(),
      () => core.timerCount(),
      () => core.cancelledTimerCount(),
      () => core.liveSlots(),
    ];
    calls[this.#below(calls.length)]?.();
  }

  #keep(id: number): void {
    if (this.#ids.length < IDS_MAX) this.#ids.push(id);
    else this.#ids[this.#below(IDS_MAX)] = id;
  }

  #pick(): number {
    return this.#ids[this.#below(this.#ids.length)] ?? NO_ID;
  }

  /** A number from 0 to `limit` - 1. */
  #below(limit: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return Math.floor(((state >>> 0) / 2 ** 32) * limit);
  }

  #once(times: number): boolean {
    return this.#below(times) === 0;
  }
}
