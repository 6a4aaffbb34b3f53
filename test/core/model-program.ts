/**
 * A random program: what runs in an iteration, on the core and on the model at once.
 *
 * Owns: the host that the core talks to, what callbacks and steps of tasks do (more random operations), what they answer, and a trace
 * of it all. The same seed makes the same program in both forms of an iteration: one by one (`runOnce`), and in parts (`takeReady`).
 *
 * Does not own: the operations (`model-operations.ts`) and the rules (`model.ts`).
 */
import {
  Answer,
  BATCH_RECORD_BYTES,
  BatchAction,
  EVENT_RECORD_BYTES,
  EventKind,
  FutureState,
  NO_ID,
  Outcome,
  Readiness,
  Report,
  ResumeHow,
  RunResult,
} from "../../assembly/abi";
import * as core from "../../assembly/index";
import { Kind } from "../../assembly/slots";
import { FDS, Fd, Thing } from "./model";
import { Operations } from "./model-operations";

const enum Heard {
  Ran = 1,
  Stepped = 2,
  Ended = 3,
  AskedToCancel = 4,
  Reported = 5,
}

export class Program extends Operations {
  /** A hash of everything that ran, in order. */
  trace: u32 = 2166136261;
  /** Lets everything end: callbacks do nothing more, and tasks return. */
  private ending: bool = false;
  /** Whether what ran was fatal. */
  private fatal: bool = false;
  private timeoutExpected: f64 = 0;
  /** How far the part that was handed out has run. */
  private partDone: i32 = 0;
  /** A task that came to wait with a cancellation due, which is taken on if the host agrees. */
  private settling: Thing | null = null;
  private ended: Thing | null = null;
  private endedState: i32 = 0;
  private reported: i32 = 0;
  private reportedId: i32 = 0;
  private badEvents: i32[] = [];
  /** How often everything was lost. */
  private clears: i32 = 0;

  constructor(
    seed: u32,
    fds: Fd[],
    resolution: f64,
    /** Whether callbacks may be fatal. What they leave then comes in another order where parts are handed out. */
    private withFatal: bool,
  ) {
    super(seed, fds, resolution);
  }

  now(): f64 {
    return this.model.clock;
  }

  select(timeoutSeconds: f64): i32 {
    this.agree(timeoutSeconds, this.timeoutExpected, "timeout");
    return this.happen(timeoutSeconds);
  }

  watch(_fd: i32, interest: i32, generation: i32): i32 {
    this.agree(interest, this.watchInterest, "interest");
    this.agree(generation, this.watchGeneration, "generation");
    this.watchInterest = -1;
    return this.watchStatus;
  }

  dispatch(id: i32): i32 {
    return this.run(this.model.next(), id);
  }

  runSeries(length: i32): i32 {
    const series = this.model.next();
    if (!this.isExpected(series, NO_ID, "that a series runs next") || !series) return 1;
    const left = this.runCalls(series, length);
    if (left > 1) this.model.putBack(series);
    return left;
  }

  resume(task: i32, how: i32): i32 {
    return this.step(this.model.next(), task, how);
  }

  taskDone(task: i32, state: i32): void {
    const thing = this.ended;
    this.ended = null;
    if (!this.isExpected(thing, task, "task that ended") || !thing) return;
    this.agree(state, this.endedState, "state that a task ended in");
    this.hear(Heard.Ended, thing.serial * 4 + state);
    this.body();
    this.model.end(thing);
  }

  cancelWaiter(task: i32): i32 {
    const thing = this.asking;
    const settling = this.settling;
    this.asking = null;
    this.settling = null;
    if (!this.isExpected(thing, task, "task to cancel for") || !thing) return 0;
    this.hear(Heard.AskedToCancel, thing.serial);
    const agreed = this.ending || !this.random.once(5);
    const inner = thing.waitsFor;
    if (agreed && inner) {
      if (inner.kind == Kind.Task) this.cancelTask(inner);
      else this.settle(inner, FutureState.Cancelled);
    }
    if (agreed && settling) settling.mustCancel = false;
    this.agreed = agreed;
    return i32(agreed);
  }

  report(what: i32, id: i32): i32 {
    if (what == Report.BadEvent) {
      this.agree(id, this.badEvents.length > 0 ? this.badEvents.shift() : -1, "bad event");
      return Outcome.Ok;
    }
    this.agree(what, this.reported, "report");
    this.agree(id, this.reportedId, "reported id");
    this.reported = 0;
    this.hear(Heard.Reported, what);
    this.body();
    return this.mayBeFatal();
  }

  /** One iteration, one by one. */
  iterate(): void {
    this.begin();
    const result = core.runOnce();
    if (!this.fatal) {
      const left = this.model.next();
      this.agree(left ? left.id : NO_ID, NO_ID, "what should have run");
    }
    this.end(result);
  }

  /** One iteration in parts. What a fatal callback left of a part runs first in the next. */
  iterateInParts(): void {
    this.begin();
    const timeout = core.pollTimeout();
    this.agree(timeout, this.timeoutExpected, "timeout");
    core.takeEvents(this.happen(this.partDone < this.model.part.length ? 0 : timeout));
    this.agree(core.beginBatch(), this.model.batchLeft, "size of the batch");
    this.runPart();
    while (!this.fatal && this.failure == "") {
      const count = core.takeReady();
      this.agree(count, this.model.takeReady(), "size of a part");
      this.partDone = 0;
      if (count == 0) break;
      this.runPart();
    }
    this.end(this.fatal ? RunResult.Fatal : this.model.stopping ? RunResult.Stopped : RunResult.Done);
  }

  /** Ends all that has not ended, in so many iterations at the most. */
  finish(inParts: bool, iterationsMax: i32): void {
    this.ending = true;
    for (let fd = 0; fd < FDS; fd++) {
      this.removeWatch(fd, Readiness.Read);
      this.removeWatch(fd, Readiness.Write);
    }
    for (let round = 0; round < iterationsMax && this.isBusy() && this.failure == ""; round++) {
      const things = this.model.slots.values();
      for (let index = 0; index < things.length; index++) this.endThing(things[index]);
      if (inParts) this.iterateInParts();
      else this.iterate();
    }
    this.compare();
    this.agree(core.liveSlots(), 0, "live slots at the end");
  }

  private isBusy(): bool {
    return this.model.live > 0 || this.model.ready.length > 0;
  }

  private endThing(thing: Thing): void {
    if (!thing.alive) return;
    if (thing.kind == Kind.Future || thing.detached) this.settle(thing, FutureState.Finished);
    else if (thing.kind == Kind.Timer) this.agree(core.cancel(thing.id), this.model.cancel(thing), "cancel");
    else {
      const waitsFor = thing.waitsFor;
      if (waitsFor && waitsFor.kind == Kind.Task) this.cancelTask(thing);
    }
  }

  private begin(): void {
    this.fatal = false;
    this.timeoutExpected = this.model.pollTimeout();
  }

  private end(result: i32): void {
    const expected = this.fatal ? RunResult.Fatal : this.model.stopping ? RunResult.Stopped : RunResult.Done;
    this.agree(result, <i32>expected, "result of the iteration");
    if (this.model.stopping) {
      core.clearStop();
      this.model.stopping = false;
    }
    this.agree(this.reported, 0, "missing report");
    this.agree(this.badEvents.length, 0, "missing reports of bad events");
    this.compare();
  }

  /** Runs the rest of the part that was handed out. */
  private runPart(): void {
    while (!this.fatal && this.partDone < this.model.part.length && this.failure == "") {
      const thing = this.model.part[this.partDone];
      const record = core.batchBuffer() + <usize>(this.partDone++ * BATCH_RECORD_BYTES);
      const id = load<i32>(record);
      const action = load<i32>(record, 4);
      if (action == BatchAction.RunSeries) {
        this.runTakenSeries(thing, id);
        continue;
      }
      this.agree(id, thing.cancelled ? NO_ID : thing.id, "record");
      if (id == NO_ID) continue;
      if (thing.kind != Kind.Task) {
        this.agree(action, BatchAction.Dispatch, "action");
        if (this.run(thing, id) == Outcome.Raised) this.report(Report.CallbackRaised, id);
      } else {
        const how = action == BatchAction.ResumeCancelled ? ResumeHow.Cancel : ResumeHow.Next;
        core.answer(id, this.step(thing, id, how));
      }
    }
  }

  /** Something happens outside. Returns how many event records tell of it. */
  private happen(timeoutSeconds: f64): i32 {
    const random = this.random;
    const model = this.model;
    if (timeoutSeconds == Infinity || random.once(3)) model.clock += <f64>random.below(8) / 4;
    else if (!random.once(3)) model.clock += timeoutSeconds;
    const count = random.below(4);
    for (let index = 0; index < count; index++) {
      const record = core.eventBuffer() + <usize>(index * EVENT_RECORD_BYTES);
      const fd = random.below(FDS);
      const readiness = random.below(8);
      const generation = model.fds[fd].generation - i32(random.once(8));
      const isKnown = !random.once(30);
      store<i32>(record, isKnown ? EventKind.FdReady : 77, 0);
      store<i32>(record, fd, 4);
      store<i32>(record, readiness, 8);
      store<i32>(record, generation, 12);
      if (isKnown) model.fdReady(fd, readiness, generation);
      else this.badEvents.push(index);
    }
    model.beginBatch();
    return count;
  }

  /** Runs what a part has of a series; what a fatal call leaves comes first in the next iteration. */
  private runTakenSeries(series: Thing, length: i32): void {
    if (series.taken) this.agree(length, series.length, "length of a series that is handed out");
    series.taken = false;
    if (this.runCalls(series, series.length) > 1) this.partDone--;
  }

  /** Runs the calls of a series. Returns 0, or after a fatal call how many are left and one more. */
  private runCalls(series: Thing, length: i32): i32 {
    this.agree(length, series.length, "length of a series");
    const clears = this.clears;
    while (series.length > 0) {
      series.length--;
      this.hear(Heard.Ran, series.serial);
      this.body();
      this.clearSometimes();
      if (this.clears != clears) series.length = 0;
      if (this.mayBeFatal() == Outcome.Fatal) return series.length + 1;
    }
    return 0;
  }

  /** A callback runs. Returns its Outcome. */
  private run(thing: Thing | null, id: i32): i32 {
    if (!this.isExpected(thing, id, "what runs next") || !thing) return Outcome.Fatal;
    if (thing.kind != Kind.Watch) thing.gone = true;
    this.hear(Heard.Ran, thing.serial);
    this.body();
    this.clearSometimes();
    if (this.random.once(40)) {
      this.reported = Report.CallbackRaised;
      this.reportedId = id;
      return Outcome.Raised;
    }
    return this.mayBeFatal();
  }

  /** A task takes a step. Returns its answer. */
  private step(thing: Thing | null, id: i32, how: i32): i32 {
    if (!this.isExpected(thing, id, "which task steps next") || !thing) return Answer.Fatal;
    this.agree(how, <i32>this.model.how, "how a task is resumed");
    this.hear(Heard.Stepped, thing.serial * 2 + how);
    this.stepping = thing;
    this.body();
    this.clearSometimes();
    const answer = this.chooseAnswer(how);
    this.stepping = null;
    if (thing.alive) this.follow(thing, answer);
    return answer;
  }

  private chooseAnswer(how: i32): i32 {
    const random = this.random;
    if (this.ending) return Answer.Returned;
    if (how == ResumeHow.Cancel && !random.once(4)) return Answer.Cancelled;
    const choice = random.below(24);
    if (choice < 3) return Answer.Returned;
    if (choice == 3) return Answer.Raised;
    if (choice == 4) return Answer.Cancelled;
    if (choice == 5) return Answer.Detached;
    if (choice == 6) return this.withFatal ? Answer.Fatal : Answer.Raised;
    if (choice == 7) return random.once(2) ? -6 : i32.MAX_VALUE;
    if (choice < 12) return Answer.Yielded;
    const waited = this.pick();
    return waited ? waited.id : Answer.Yielded;
  }

  /** What an answer leads to in the model. */
  private follow(task: Thing, answer: i32): void {
    const model = this.model;
    if (answer > 0) {
      const waited = model.find(answer);
      if (!waited || waited == task || !waited.isPending()) {
        this.followBad(task);
        return;
      }
      model.wait(waited, task);
      if (task.mustCancel) {
        this.asking = task;
        this.settling = task;
      }
    } else if (answer == Answer.Yielded) model.push(task);
    else if (answer == Answer.Detached) task.detached = true;
    else if (answer < Answer.Fatal) this.followBad(task);
    else {
      const isCancelled = answer == Answer.Cancelled || (answer == Answer.Returned && task.mustCancel);
      this.fatal = answer == Answer.Fatal;
      this.ended = task;
      this.endedState = isCancelled ? FutureState.Cancelled : FutureState.Finished;
    }
  }

  private followBad(task: Thing): void {
    this.model.push(task);
    this.reported = Report.BadAnswer;
    this.reportedId = task.id;
  }

  /** What a callback or a step does while it runs. */
  private body(): void {
    if (this.ending) return;
    const count = this.random.below(4);
    for (let index = 0; index < count; index++) this.operate();
  }

  private clearSometimes(): void {
    if (this.ending || !this.random.once(3000)) return;
    core.clear();
    this.model.clear();
    this.clears++;
  }

  private mayBeFatal(): i32 {
    this.fatal = this.withFatal && !this.ending && this.random.once(100);
    return this.fatal ? Outcome.Fatal : Outcome.Ok;
  }

  private isExpected(thing: Thing | null, id: i32, what: string): bool {
    return this.agree(id, thing ? thing.id : NO_ID, what);
  }

  private hear(what: Heard, detail: i32): void {
    this.trace = (this.trace ^ (detail * 8 + what)) * 16777619;
  }
}
