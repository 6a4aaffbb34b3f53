/**
 * A host that keeps every rule, and can tell whether a core is in order.
 *
 * Owns: a program that uses every table of the core, and what it must come to.
 */
import { Answer, FutureState, INDEX_MASK, Outcome } from "../../../assembly/abi.js";
import type { CoreExports, CoreImports } from "../../../host/core.js";

const FUTURES = 3000;
const TIMERS = 400;
const TASKS = 200;

export class CalmHost implements CoreImports {
  #clock = 0;
  #ran: number[] = [];
  #ended = 0;
  /** What each task still waits for. */
  readonly #waits = new Map<number, number>();

  /** Runs the program on a core that has been cleared. Returns what went wrong, or "". */
  examine(core: CoreExports): string {
    core.init(0);
    core.clear();
    const timers = Array.from({ length: TIMERS }, (_, index) => ({ when: (index * 7919) % TIMERS, id: 0 }));
    for (const timer of timers) timer.id = core.callAt(timer.when);
    const futures = Array.from({ length: FUTURES }, () => core.createFuture());
    const callbacks = futures.map((future) => core.addCallback(future));
    const tasks = Array.from({ length: TASKS }, () => core.createTask());
    for (const [index, task] of tasks.entries()) this.#waits.set(task, futures[index] as number);
    const ids = [...timers.map(({ id }) => id), ...futures, ...callbacks, ...tasks];
    if (new Set(ids.map((id) => id & INDEX_MASK)).size !== ids.length) return "two things share a slot";
    if (core.liveSlots() !== ids.length) return `${core.liveSlots()} slots are alive for ${ids.length} ids`;
    core.runOnce();
    for (const future of futures) core.settle(future, FutureState.Finished);
    core.runOnce();
    if (this.#ended !== TASKS) return `${this.#ended} of ${TASKS} tasks have ended`;
    // The timer for the clock's first second is due in the first iteration.
    const [first, ...rest] = timers.sort((one, other) => one.when - other.when).map(({ id }) => id);
    while (core.timerCount() > 0) core.runOnce();
    const wanted = [first, ...callbacks, ...rest];
    if (this.#ran.join() !== wanted.join()) return "callbacks ran in a wrong order";
    return core.liveSlots() === 0 ? "" : `${core.liveSlots()} slots are alive at the end`;
  }

  now(): number {
    return this.#clock;
  }

  select(timeoutSeconds: number): number {
    this.#clock += timeoutSeconds;
    return 0;
  }

  watch(): number {
    return 0;
  }

  dispatch(id: number): number {
    this.#ran.push(id);
    return Outcome.Ok;
  }

  runSeries(): number {
    return 0;
  }

  resume(task: number): number {
    const future = this.#waits.get(task);
    this.#waits.delete(task);
    return future ?? Answer.Returned;
  }

  taskDone(): void {
    this.#ended++;
  }

  cancelWaiter(): number {
    return 0;
  }

  report(): number {
    return Outcome.Ok;
  }
}
