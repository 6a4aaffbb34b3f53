/**
 * Random operations, each on the core and on the model, and the comparison of what both answer.
 *
 * Owns: which operations there are and how often each comes, picking what they work on, noting the first difference.
 *
 * Does not own: the rules (`model.ts`), and what runs in an iteration (`model-program.ts`).
 */
import { Answer, FD_MAX, FutureState, NO_ID, Readiness, Status } from "../../assembly/abi";
import * as core from "../../assembly/index";
import { Kind } from "../../assembly/slots";
import { FDS, Fd, Model, Thing } from "./model";
import { Random } from "./random";
import { Host } from "./scripted-host";

/** Things that a program knows. It makes no more while all of them are in use. */
const POOL: i32 = 200;
/** How many things later one that is gone may still be picked: its id comes back after 256 uses of its slot. */
const STALE_MAX: i32 = 100;
/** Calls of a burst: more than one part of a batch holds. */
const BURST: i32 = 1500;
const EBADF: i32 = -9;

export class Operations extends Host {
  model: Model;
  random: Random;
  operations: i32 = 0;
  /** What differed first, or nothing. */
  failure: string = "";
  pool: Thing[] = [];
  /** The task that takes a step, whose answer is due. */
  stepping: Thing | null = null;
  /** For whom the core is about to ask the host to cancel, and what came of it. */
  asking: Thing | null = null;
  agreed: bool = false;
  /** What the core is about to ask of the selector, and is to hear. */
  watchInterest: i32 = -1;
  watchGeneration: i32 = -1;
  watchStatus: i32 = 0;

  constructor(seed: u32, fds: Fd[], resolution: f64) {
    super();
    this.model = new Model(resolution, fds);
    this.random = new Random(seed);
  }

  /** Notes a difference. Returns whether there is none. */
  agree<T>(got: T, expected: T, what: string): bool {
    if (got == expected) return true;
    if (this.failure == "") {
      this.failure = `operation ${this.operations}, ${what}: got ${got.toString()}, expected ${expected.toString()}`;
    }
    return false;
  }

  /** Compares what can be seen of the whole. */
  compare(): void {
    this.agree(core.liveSlots(), this.model.live, "live slots");
    this.agree(core.readyCount(), this.model.ready.length, "ready");
    this.agree(core.timerCount(), this.model.timers.length, "timers");
    this.agree(core.cancelledTimerCount(), this.model.cancelledTimers, "cancelled timers");
  }

  /** One random operation. */
  operate(): void {
    this.operations++;
    const kind = this.random.below(100);
    if (kind < 40) this.make(kind);
    else if (kind < 45) this.extendSeries();
    else if (kind < 55) this.changeWatch(kind - 5);
    else if (kind < 57) this.askRare();
    else {
      const thing = this.pick();
      if (thing) this.change(thing, 52 + this.random.below(48));
      else this.callSoon();
    }
    this.compare();
  }

  /** Something that may be used, or is gone since a short while; null when what was picked is gone for too long. */
  pick(): Thing | null {
    if (this.pool.length == 0) return null;
    const thing = this.pool[this.random.below(this.pool.length)];
    return thing.gone && this.model.created - thing.serial > STALE_MAX ? null : thing;
  }

  callSoon(): void {
    if (!this.hasRoom()) return;
    const call = this.enter(Kind.Call, core.callSoon());
    if (call) this.model.push(call);
  }

  /** Makes the open series longer, as a host may: without the core's help when there is one. */
  extendSeries(): void {
    const length = load<i32>(core.openSeries());
    this.agree(length, this.model.openSeries ? this.model.openSeries!.length : 0, "length of the open series");
    if (length > 0 && this.random.once(2)) store<i32>(core.openSeries(), length + 1);
    else core.extendSeries();
    this.model.extendSeries();
  }

  cancelTask(task: Thing): void {
    if (!task.is(Kind.Task)) {
      this.agree(core.cancelTask(task.id), Status.BadId, "cancelTask");
      return;
    }
    const last = this.model.cancelChain(task);
    const asks = last.waitsFor != null || last.detached;
    this.asking = asks ? last : null;
    this.agreed = false;
    const got = core.cancelTask(task.id);
    this.agree(this.asking == null, true, "asked to cancel");
    const agreed = asks && this.agreed;
    if (!agreed) last.mustCancel = true;
    this.agree(got, agreed ? NO_ID : last.id, "cancelTask");
  }

  settle(future: Thing, state: i32): void {
    this.agree(core.settle(future.id, state), this.model.settle(future, state), "settle");
  }

  removeWatch(fd: i32, side: Readiness): void {
    const entry = this.model.fds[fd];
    const old = side == Readiness.Read ? entry.reader : entry.writer;
    if (side == Readiness.Read) entry.reader = null;
    else entry.writer = null;
    this.watchInterest = entry.interest();
    this.watchGeneration = entry.generation;
    this.watchStatus = this.random.once(4) ? EBADF : 0;
    const got = side == Readiness.Read ? core.removeReader(fd) : core.removeWriter(fd);
    this.agree(got, old ? old.id : NO_ID, "removed watch");
    if (old) this.agree(this.watchInterest, -1, "asked of the selector");
    this.model.retire(old);
  }

  private make(kind: i32): void {
    if (!this.hasRoom()) return;
    const model = this.model;
    if (kind < 10) this.callSoon();
    else if (kind < 20) this.callAt();
    else if (kind < 26) this.enter(Kind.Future, core.createFuture());
    else if (kind < 34) {
      const task = this.enter(Kind.Task, core.createTask());
      if (task) model.push(task);
    } else {
      const future = this.pick();
      if (!future) return;
      const isPending = future.isPending();
      const id = core.addCallback(future.id);
      if (!isPending) this.agree(id, Status.BadId, "addCallback");
      else {
        const callback = this.enter(Kind.Callback, id);
        if (callback) model.wait(future, callback);
      }
    }
  }

  private callAt(): void {
    const random = this.random;
    let when = this.model.clock;
    if (random.once(2)) when += <f64>(random.below(24) - 4) / 4;
    else when += 50 + <f64>random.below(400) / 4;
    if (random.once(50)) when = random.once(2) ? Infinity : -Infinity;
    if (random.once(100)) {
      this.agree(core.callAt(NaN), Status.BadTime, "callAt(NaN)");
      return;
    }
    const timer = this.enter(Kind.Timer, core.callAt(when));
    if (timer) this.model.arm(timer, when);
  }

  private changeWatch(kind: i32): void {
    const fd = this.random.below(FDS);
    if (kind == 40) {
      const bad = this.random.once(2) ? -1 - fd : FD_MAX + 1 + fd;
      this.agree(core.addReader(bad), Status.BadFd, "addReader of a bad fd");
      this.agree(core.removeWriter(bad), NO_ID, "removeWriter of a bad fd");
    } else if (kind < 45) this.addWatch(fd, kind < 43 ? Readiness.Read : Readiness.Write);
    else if (kind < 48) this.removeWatch(fd, kind == 45 ? Readiness.Read : Readiness.Write);
    else {
      const entry = this.model.fds[fd];
      const reader = entry.reader;
      const writer = entry.writer;
      this.agree(core.readerOf(fd), reader ? reader.id : NO_ID, "readerOf");
      this.agree(core.writerOf(fd), writer ? writer.id : NO_ID, "writerOf");
    }
  }

  private addWatch(fd: i32, side: Readiness): void {
    if (!this.hasRoom()) return;
    const entry = this.model.fds[fd];
    const interest = entry.interest();
    this.watchInterest = interest | side;
    this.watchGeneration = interest ? entry.generation : entry.generation + 1;
    this.watchStatus = this.random.once(10) ? EBADF : 0;
    const id = side == Readiness.Read ? core.addReader(fd) : core.addWriter(fd);
    this.agree(this.watchInterest, -1, "asked of the selector");
    if (this.watchStatus < 0) {
      this.agree(id, this.watchStatus, "add of a bad fd");
      return;
    }
    const watch = this.enter(Kind.Watch, id);
    entry.generation = this.watchGeneration;
    this.model.retire(side == Readiness.Read ? entry.reader : entry.writer);
    if (side == Readiness.Read) entry.reader = watch;
    else entry.writer = watch;
  }

  private askRare(): void {
    if (this.random.once(20)) {
      core.stop();
      this.model.stopping = true;
    } else if (this.random.once(100)) this.burst();
    else this.model.clock += <f64>this.random.below(4) / 4;
  }

  private burst(): void {
    if (this.random.once(2)) for (let index = 0; index < BURST; index++) this.extendSeries();
    for (let index = 0; index < BURST; index++) {
      const call = this.model.enter(Kind.Call, core.callSoon());
      if (call) this.model.push(call);
    }
  }

  private change(thing: Thing, kind: i32): void {
    const model = this.model;
    const isTask = thing.is(Kind.Task);
    if (kind < 68) this.agree(core.cancel(thing.id), model.cancel(thing), "cancel");
    else if (kind < 74) this.settle(thing, this.random.once(2) ? FutureState.Finished : FutureState.Cancelled);
    else if (kind == 74) this.settle(thing, this.random.below(8) - 4);
    else if (kind < 79) this.agree(core.removeCallback(thing.id), model.removeCallback(thing), "removeCallback");
    else if (kind < 83) this.agree(core.dropFuture(thing.id), model.drop(thing), "dropFuture");
    else if (kind < 92) this.cancelTask(thing);
    else if (kind < 94) this.agree(core.cancelling(thing.id), isTask ? thing.cancels : Status.BadId, "cancelling");
    else if (kind < 96) {
      if (isTask) model.uncancel(thing);
      this.agree(core.uncancel(thing.id), isTask ? thing.cancels : Status.BadId, "uncancel");
    } else if (kind < 98) {
      const expected = isTask ? i32(model.takeMustCancel(thing)) : Status.BadId;
      this.agree(core.takeMustCancel(thing.id), expected, "takeMustCancel");
    } else if (thing != this.stepping) {
      const expected = isTask ? Status.InvalidState : Status.BadId;
      this.agree(core.answer(thing.id, Answer.Yielded), expected, "answer");
    }
  }

  /** Whether the pool can take one more: in the place of one that is gone. */
  private hasRoom(): bool {
    if (this.pool.length < POOL) return true;
    for (let index = 0; index < POOL; index++) if (this.pool[index].gone) return true;
    return false;
  }

  /** Enters what the core made into the model and the pool. */
  private enter(kind: Kind, id: i32): Thing | null {
    const thing = this.model.enter(kind, id);
    if (!thing) {
      this.agree(id, 0, "a fresh id");
      return null;
    }
    if (this.pool.length < POOL) this.pool.push(thing);
    else {
      let place = this.random.below(POOL);
      while (!this.pool[place].gone) place = (place + 1) % POOL;
      this.pool[place] = thing;
    }
    return thing;
  }
}
