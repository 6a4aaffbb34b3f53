/**
 * The model: what the core does, in plain arrays and objects, as simply as it can be said.
 *
 * Owns: the rules once more: what an id is good for, the order of what is ready, which timers are due, who waits for whom. It knows ids
 * only as what the core handed out, and both forms of an iteration: one by one, and in parts that are handed out (`takeReady`).
 *
 * Does not own: random programs, and comparing the two (`model-program.ts`).
 */
import {
  BATCH_CAPACITY,
  FutureState,
  INDEX_MASK,
  NO_ID,
  Readiness,
  ResumeHow,
  SELECT_TIMEOUT_MAX_SECONDS,
  Status,
  TIMER_SWEEP_MIN,
} from "../../assembly/abi";
import { Kind } from "../../assembly/slots";

/** Fds that a program uses: 0 … FDS - 1. */
export const FDS: i32 = 8;

/** What an id stands for. */
export class Thing {
  /** Whether the core still knows the id. */
  alive: bool = true;
  /** Whether a program is done with it: it ran, was cancelled, or ended. The same in both forms of an iteration. */
  gone: bool = false;
  cancelled: bool = false;
  queued: bool = false;
  scheduled: bool = false;
  /** Whether it is in the part that was handed out. */
  taken: bool = false;
  when: f64 = 0;
  waiters: Thing[] = [];
  waitsFor: Thing | null = null;
  cancels: i32 = 0;
  mustCancel: bool = false;
  detached: bool = false;
  /** Of a series, which has no id: how many calls it still stands for. */
  length: i32 = 0;

  constructor(
    public serial: i32,
    public kind: Kind,
    public id: i32,
  ) {}

  /** A future or task that has not ended. */
  isPending(): bool {
    return this.alive && (this.kind == Kind.Future || this.kind == Kind.Task);
  }

  is(kind: Kind): bool {
    return this.alive && this.kind == kind;
  }

  isSeries(): bool {
    return this.id == NO_ID;
  }
}

export class Fd {
  reader: Thing | null = null;
  writer: Thing | null = null;
  /** Goes on when the core is cleared. */
  generation: i32 = 0;

  interest(): i32 {
    return (this.reader ? Readiness.Read : 0) | (this.writer ? Readiness.Write : 0);
  }
}

export class Model {
  clock: f64 = 0;
  created: i32 = 0;
  live: i32 = 0;
  slots: Map<i32, Thing> = new Map();
  ready: Thing[] = [];
  /** The series at the end of `ready` that may still grow. */
  openSeries: Thing | null = null;
  /** By deadline, then by arming order. */
  timers: Thing[] = [];
  cancelledTimers: i32 = 0;
  stopping: bool = false;
  batchLeft: i32 = 0;
  /** What was handed out last. */
  part: Thing[] = [];
  /** How the task that was taken last is to be resumed. */
  how: ResumeHow = ResumeHow.Next;

  constructor(
    public resolution: f64,
    public fds: Fd[],
  ) {}

  /** Enters what the core has just made; null when its slot is somebody else's. */
  enter(kind: Kind, id: i32): Thing | null {
    const index = id & INDEX_MASK;
    if (id <= 0 || index == 0 || this.slots.has(index)) return null;
    const thing = new Thing(this.created++, kind, id);
    this.slots.set(index, thing);
    this.live++;
    return thing;
  }

  die(thing: Thing): void {
    thing.alive = false;
    thing.gone = true;
    this.slots.delete(thing.id & INDEX_MASK);
    this.live--;
  }

  push(thing: Thing): void {
    this.openSeries = null;
    thing.queued = true;
    this.ready.push(thing);
  }

  /** Queues a call without an id. */
  extendSeries(): void {
    let series = this.openSeries;
    if (!series) {
      series = new Thing(this.created, Kind.Call, NO_ID);
      this.push(series);
      this.openSeries = series;
    }
    series.length++;
  }

  /** A fatal call has left the rest of its series: it comes first. */
  putBack(series: Thing): void {
    series.queued = true;
    this.ready.unshift(series);
  }

  arm(thing: Thing, when: f64): void {
    thing.when = when;
    thing.scheduled = true;
    const timers = this.timers;
    timers.push(thing);
    let place = timers.length - 1;
    for (; place > 0 && timers[place - 1].when > when; place--) timers[place] = timers[place - 1];
    timers[place] = thing;
  }

  cancel(thing: Thing): i32 {
    if (!thing.is(Kind.Call) && !thing.is(Kind.Timer)) return Status.BadId;
    if (thing.cancelled) return 0;
    thing.cancelled = true;
    thing.gone = true;
    if (thing.scheduled) this.cancelledTimers++;
    return 1;
  }

  /** A watch was replaced or removed. */
  retire(watch: Thing | null): void {
    if (!watch) return;
    watch.cancelled = true;
    watch.gone = true;
    if (!watch.queued && !watch.taken) this.die(watch);
  }

  wait(future: Thing, waiter: Thing): void {
    waiter.waitsFor = future;
    future.waiters.push(waiter);
  }

  leave(waiter: Thing): void {
    const future = waiter.waitsFor;
    if (!future) return;
    future.waiters.splice(future.waiters.indexOf(waiter), 1);
    waiter.waitsFor = null;
  }

  /** Ends a future or task: who waits is queued. */
  end(future: Thing): void {
    for (let index = 0; index < future.waiters.length; index++) {
      future.waiters[index].waitsFor = null;
      this.push(future.waiters[index]);
    }
    this.die(future);
  }

  removeCallback(callback: Thing): i32 {
    if (!callback.is(Kind.Callback) || !callback.waitsFor) return Status.BadId;
    this.leave(callback);
    this.die(callback);
    return Status.Ok;
  }

  settle(future: Thing, state: i32): i32 {
    if (!future.isPending()) return Status.BadId;
    if (state != FutureState.Cancelled && state != FutureState.Finished) return Status.InvalidState;
    if (future.kind == Kind.Task && !future.detached) return Status.InvalidState;
    this.end(future);
    return Status.Ok;
  }

  drop(future: Thing): i32 {
    if (!future.is(Kind.Future)) return Status.BadId;
    for (let index = 0; index < future.waiters.length; index++) {
      if (future.waiters[index].kind == Kind.Task) return Status.InvalidState;
    }
    for (let index = 0; index < future.waiters.length; index++) this.die(future.waiters[index]);
    this.die(future);
    return Status.Ok;
  }

  /** Counts a cancellation of each task of a chain. Returns its last; of a ring, the task itself, taken out and queued. */
  cancelChain(task: Thing): Thing {
    const chain: Thing[] = [task];
    let inner: Thing | null = task.waitsFor;
    while (inner && inner.kind == Kind.Task) {
      if (chain.includes(inner)) {
        task.cancels++;
        this.leave(task);
        this.push(task);
        return task;
      }
      chain.push(inner);
      inner = inner.waitsFor;
    }
    for (let index = 0; index < chain.length; index++) chain[index].cancels++;
    return chain[chain.length - 1];
  }

  uncancel(task: Thing): void {
    if (task.cancels == 0) return;
    task.cancels--;
    if (task.cancels == 0) task.mustCancel = false;
  }

  takeMustCancel(task: Thing): bool {
    const must = task.mustCancel;
    task.mustCancel = false;
    return must;
  }

  pollTimeout(): f64 {
    const timers = this.timers;
    if (timers.length > TIMER_SWEEP_MIN && this.cancelledTimers * 2 > timers.length) {
      for (let index = timers.length - 1; index >= 0; index--) if (timers[index].cancelled) this.dropTimer(index);
    } else while (timers.length > 0 && timers[0].cancelled) this.dropTimer(0);
    if (this.ready.length > 0 || this.stopping) return 0;
    if (timers.length == 0 || timers[0].when == Infinity) return Infinity;
    const left = timers[0].when - this.clock;
    return left < 0 ? 0 : left < <f64>SELECT_TIMEOUT_MAX_SECONDS ? left : <f64>SELECT_TIMEOUT_MAX_SECONDS;
  }

  fdReady(fd: i32, readiness: i32, generation: i32): void {
    if (fd < 0 || fd >= FDS || this.fds[fd].generation != generation) return;
    if (readiness & (Readiness.Read | Readiness.Hangup)) this.wake(this.fds[fd].reader);
    if (readiness & (Readiness.Write | Readiness.Hangup)) this.wake(this.fds[fd].writer);
  }

  beginBatch(): void {
    const timers = this.timers;
    while (timers.length > 0 && (timers[0].when <= this.clock || timers[0].when < this.clock + this.resolution)) {
      const timer = timers[0];
      if (timer.cancelled) this.dropTimer(0);
      else {
        timers.shift();
        timer.scheduled = false;
        this.push(timer);
      }
    }
    this.openSeries = null;
    this.batchLeft = this.ready.length;
  }

  /** Takes what runs next in this batch, or null when it is over. */
  next(): Thing | null {
    while (this.batchLeft > 0) {
      const thing = this.pop();
      if (thing.kind == Kind.Task || thing.isSeries()) return thing;
      if (thing.cancelled) this.die(thing);
      else {
        if (thing.kind != Kind.Watch) this.die(thing);
        return thing;
      }
    }
    return null;
  }

  /** Hands out the next part. Returns how many are in it. */
  takeReady(): i32 {
    this.endPart();
    while (this.batchLeft > 0 && this.part.length < BATCH_CAPACITY) {
      if (this.ready[0].kind == Kind.Task && this.part.length > 0) break;
      const thing = this.pop();
      if (thing.kind == Kind.Task) {
        this.part.push(thing);
        break;
      }
      if (thing.cancelled) this.die(thing);
      else {
        thing.taken = true;
        this.part.push(thing);
      }
    }
    return this.part.length;
  }

  /** What was handed out has run: all of it but watches and tasks is done with. */
  endPart(): void {
    for (let index = 0; index < this.part.length; index++) {
      const thing = this.part[index];
      thing.taken = false;
      if (thing.kind == Kind.Task || thing.isSeries() || !thing.alive) continue;
      if (thing.kind != Kind.Watch || (thing.cancelled && !thing.queued)) this.die(thing);
    }
    this.part = [];
  }

  clear(): void {
    const things = this.slots.values();
    for (let index = 0; index < things.length; index++) this.die(things[index]);
    for (let fd = 0; fd < FDS; fd++) {
      this.fds[fd].reader = null;
      this.fds[fd].writer = null;
    }
    this.ready = [];
    this.openSeries = null;
    this.timers = [];
    this.part = [];
    this.cancelledTimers = 0;
    this.batchLeft = 0;
    this.stopping = false;
  }

  /** What a watch, timer or future is known by, or null for an id that names nothing. */
  find(id: i32): Thing | null {
    if (id == NO_ID || !this.slots.has(id & INDEX_MASK)) return null;
    const thing = this.slots.get(id & INDEX_MASK);
    return thing.id == id ? thing : null;
  }

  private wake(watch: Thing | null): void {
    if (watch && !watch.queued) this.push(watch);
  }

  private pop(): Thing {
    this.batchLeft--;
    const thing = this.ready.shift();
    thing.queued = false;
    if (thing.kind == Kind.Task) this.how = this.takeMustCancel(thing) ? ResumeHow.Cancel : ResumeHow.Next;
    return thing;
  }

  private dropTimer(index: i32): void {
    this.cancelledTimers--;
    this.die(this.timers.splice(index, 1)[0]);
  }
}
