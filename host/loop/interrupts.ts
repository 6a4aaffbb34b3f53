/**
 * Ctrl-C while a program runs.
 *
 * Owns: what SIGINT does in `run`: the first cancels the main task, the second ends the process.
 *
 * From: CPython 3.11 runners.Runner. Nothing is done where somebody listens to SIGINT already, nor in worker threads.
 */
import { isMainThread } from "node:worker_threads";
import { CancelledError, KeyboardInterrupt } from "../errors.js";
import type { Task } from "../futures/task.js";
import type { EventLoop } from "./event-loop.js";

export class Interrupts {
  readonly #loop: EventLoop;
  readonly #task: Task<unknown>;
  #count = 0;

  constructor(loop: EventLoop, task: Task<unknown>) {
    this.#loop = loop;
    this.#task = task;
    // The program's own addSignalHandler takes the place of this one.
    if (isMainThread && process.listenerCount("SIGINT") === 0) loop.addSignalHandler("SIGINT", this.#interrupt);
  }

  /** Answers the error that the program is to end with, for the one that its main task has ended with. */
  explain(error: unknown): unknown {
    const isOurs = this.#count > 0 && error instanceof CancelledError;
    return isOurs ? new KeyboardInterrupt("interrupted by SIGINT") : error;
  }

  readonly #interrupt = (): void => {
    if (++this.#count === 1) {
      this.#task.cancel("interrupted by SIGINT");
      return;
    }
    this.#loop.removeSignalHandler("SIGINT");
    process.kill(process.pid, "SIGINT");
  };
}
