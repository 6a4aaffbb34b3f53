/**
 * Ctrl-C while a program runs.
 *
 * Owns: what SIGINT does then: the first cancels the program's main task, the second ends the process.
 *
 * From: CPython 3.13 runners.Runner. Nothing is done where somebody listens to SIGINT already, in worker threads, and on virtual loops.
 */
import { isMainThread } from "node:worker_threads";
import { CancelledError, KeyboardInterrupt } from "../errors.js";
import type { Task } from "../futures/task.js";
import type { EventLoop } from "./event-loop.js";

export class Interrupts {
  readonly #loop: EventLoop;
  readonly #task: Task<unknown>;
  /** What Node calls for our handler; nothing where there is none. */
  readonly #listener: unknown;
  #count = 0;

  constructor(loop: EventLoop, task: Task<unknown>) {
    this.#loop = loop;
    this.#task = task;
    if (!isMainThread || !loop._scheduler.driver.hasOutside || process.listenerCount("SIGINT") > 0) return;
    // The program's own addSignalHandler takes the place of this one.
    loop.addSignalHandler("SIGINT", this.#interrupt);
    this.#listener = process.listeners("SIGINT")[0];
  }

  /** The program has ended. */
  stop(): void {
    if ((process.listeners("SIGINT") as unknown[]).includes(this.#listener)) this.#loop.removeSignalHandler("SIGINT");
  }

  /** Answers the error that the program is to end with, for the one that its main task has ended with. */
  explain(error: unknown): unknown {
    if (this.#count === 0 || !(error instanceof CancelledError)) return error;
    // If others have asked for the cancellation as well, it stays one. A task of somebody's task factory may have no `uncancel`.
    const { uncancel } = this.#task as Partial<Task<unknown>>;
    return uncancel?.call(this.#task) === 0 ? new KeyboardInterrupt("interrupted by SIGINT") : error;
  }

  readonly #interrupt = (): void => {
    if (++this.#count === 1 && !this.#task.done()) {
      this.#task.cancel("interrupted by SIGINT");
      return;
    }
    this.#loop.removeSignalHandler("SIGINT");
    process.kill(process.pid, "SIGINT");
  };
}
