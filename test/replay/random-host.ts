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
import { RandomNumbers } from "../support/random-numbers.js";

/** Ids that are picked from, many of them stale. */
const IDS_MAX = 100;
const FDS = 8;
const ENOENT = -2;

export class RandomHost implements CoreImports {
  #core!: CoreExports;
  #events!: EventBuffer;
  readonly #random: RandomNumbers;
  #clock = 0;
  readonly #ids: number[] = [];
  readonly #generations = new Map<number, number>();

  constructor(seed: number) {
    this.#random = new RandomNumbers(seed);
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
    this.#clock +=
      Number.isFinite(timeoutSeconds) && this.#random.once(2) ? timeoutSeconds : this.#random.below(100) / 64;
    const count = this.#random.below(4);
    const { view } = this.#events;
    for (let index = 0; index < count; index++) {
      const fd = this.#random.below(FDS);
      const generation = (this.#generations.get(fd) ?? 0) - Number(this.#random.once(8));
      const kind = this.#random.once(50) ? 77 : EventKind.FdReady;
      view.set([kind, fd, this.#random.below(8), generation], index * EVENT_RECORD_WORDS);
    }
    return count;
  }

  watch(fd: number, _interest: number, generation: number): number {
    if (this.#random.once(10)) return ENOENT;
    this.#generations.set(fd, generation);
    return 0;
  }

  dispatch(): number {
    this.#callMany(4);
    return this.#random.once(20) ? Outcome.Raised : this.#random.once(100) ? Outcome.Fatal : Outcome.Ok;
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
    if (how === ResumeHow.Cancel && this.#random.once(2)) return Answer.Cancelled;
    const choice = this.#random.below(20);
    if (choice < 4) return Answer.Returned;
    if (choice < 8) return Answer.Yielded;
    if (choice < 12) return -this.#random.below(8);
    return this.#pick();
  }

  taskDone(): void {
    this.#callMany(2);
  }

  cancelWaiter(): number {
    if (this.#random.once(2)) this.#core.settle(this.#pick(), FutureState.Cancelled);
    return this.#random.below(2);
  }

  report(): number {
    return this.#random.once(50) ? Outcome.Fatal : Outcome.Ok;
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
    if (length > 0 && this.#random.once(2)) open[0] = length + 1;
    else extendSeries();
  }

  #callMany(countMax: number): void {
    for (let left = this.#random.below(countMax); left > 0; left--) this.#call();
  }

  #call(): void {
    const core = this.#core;
    const when = this.#clock + (this.#random.below(1000) - 100) / 64;
    const fd = this.#random.once(30) ? FD_MAX + 1 : this.#random.below(FDS);
    const calls = [
      () => this.#extendSeries(),
      () => this.#keep(core.callSoon()),
      () => this.#keep(core.callSoon()),
      () =>
        this.#keep(
          core.callAt(this.#random.once(50) ? Number.NaN : this.#random.once(50) ? Number.POSITIVE_INFINITY : when),
        ),
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
      () => core.settle(this.#pick(), this.#random.below(4)),
      () => core.settle(this.#pick(), FutureState.Finished),
      () => core.removeCallback(this.#pick()),
      () => core.dropFuture(this.#pick()),
      () => core.cancelTask(this.#pick()),
      () => core.cancelling(this.#pick()),
      () => core.uncancel(this.#pick()),
      () => core.takeMustCancel(this.#pick()),
      () => core.answer(this.#pick(), Answer.Yielded),
      () => (this.#random.once(10) ? core.stop() : core.clearStop()),
      () => core.readyCount(),
      () => core.timerCount(),
      () => core.cancelledTimerCount(),
      () => core.liveSlots(),
    ];
    calls[this.#random.below(calls.length)]?.();
  }

  #keep(id: number): void {
    if (this.#ids.length < IDS_MAX) this.#ids.push(id);
    else this.#ids[this.#random.below(IDS_MAX)] = id;
  }

  #pick(): number {
    return this.#ids[this.#random.below(this.#ids.length)] ?? NO_ID;
  }
}
