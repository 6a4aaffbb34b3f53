/**
 * Task groups and time limits in a program, on wasyncio.
 *
 * Owns: the meaning of the instructions that are about them. `blocks.py` is its twin: an instruction that changes here changes there.
 *
 * Does not own: the rest of a program (`interpreter.ts`). Of `taskGroup` and `timeout` it leaves out the task in which they run their
 * function: as with `async with` the block is in the task that has it, or else each would be some iterations behind asyncio.
 */
import type { Coroutine, EventLoop, Task } from "../../host/index.js";
import { TaskGroup } from "../../host/loop/task-group.js";
import { Timeout } from "../../host/loop/timeout.js";
import { type BlockOp, type BlockStep, type Step, TICKS_PER_SECOND, type Value } from "./program.js";
import type { Teller } from "./things.js";
import { describe, show } from "./words.js";

/** What it needs of whoever runs the program. */
export interface Runner extends Teller {
  readonly loop: EventLoop;
  coroutine(label: string, body: Step[]): Coroutine<Value>;
  steps(me: string, body: Step[]): Coroutine<[Value] | undefined>;
  made(label: string, task: Task<Value>): void;
  current(): Task<unknown>;
}

export class Blocks {
  readonly #groups = new Map<string, TaskGroup>();
  readonly #limits = new Map<string, Timeout>();
  readonly #runner: Runner;

  constructor(runner: Runner) {
    this.#runner = runner;
  }

  do(op: BlockOp): void {
    const { attempt, event } = this.#runner;
    const limit = this.#limits.get(op[1]);
    switch (op[0]) {
      case "member":
        this.#make(op[1], op[2], op[3]);
        return;
      case "reschedule":
        if (limit) attempt(`${op[1]}.reschedule(${show(op[2])})`, () => limit.reschedule(this.#after(op[2])));
        return;
      case "expired":
        if (limit) event(`${op[1]}.expired() -> ${limit.expired()}`);
    }
  }

  *step(me: string, step: BlockStep): Coroutine<[Value] | undefined> {
    const runner = this.#runner;
    const task = runner.current();
    const label = step[1];
    let returned: [Value] | undefined;
    if (step[0] === "group") {
      const group = new TaskGroup(runner.loop);
      this.#groups.set(label, group);
      returned = yield* group._run(task, function* () {
        return yield* runner.steps(me, step[2]);
      });
    } else {
      const limit = new Timeout(runner.loop, this.#after(step[2]));
      this.#limits.set(label, limit);
      returned = yield* limit._run(task, runner.steps(me, step[3]));
    }
    runner.event(`${me} is through ${label}`);
    return returned;
  }

  #make(label: string, member: string, body: Step[]): void {
    const group = this.#groups.get(label);
    if (group === undefined) return;
    try {
      this.#runner.made(
        member,
        group.createTask(() => this.#runner.coroutine(member, body)),
      );
    } catch (error) {
      this.#runner.event(`${label}.createTask(${member}) throws ${describe(error)}`);
    }
  }

  #after(ticks: number | null): number | null {
    return ticks === null ? null : this.#runner.loop.time() + ticks / TICKS_PER_SECOND;
  }
}
