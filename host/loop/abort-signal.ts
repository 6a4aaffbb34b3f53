/**
 * Tasks that a signal of Node's can cancel.
 *
 * Owns: who listens to a signal: one listener for all of its tasks, because Node warns of more than ten, and none when they have ended.
 *
 * Does not own: cancelling (`futures/task.ts`).
 */
import type { Future } from "../futures/future.js";
import { textOf } from "../show.js";

/** The tasks that a signal is to cancel. */
class Listener {
  readonly #signal: AbortSignal;
  readonly #tasks = new Set<Future>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", this.#cancel);
    listeners.set(signal, this);
  }

  add(task: Future): void {
    this.#tasks.add(task);
    task.addDoneCallback(this.#remove);
  }

  readonly #cancel = (): void => {
    for (const task of this.#tasks) {
      // A closed loop cancels nothing any more, and an error of a listener would end the process.
      if (!task.getLoop().isClosed()) task.cancel(messageOf(this.#signal));
    }
  };

  readonly #remove = (task: Future): void => {
    this.#tasks.delete(task);
    if (this.#tasks.size > 0) return;
    this.#signal.removeEventListener("abort", this.#cancel);
    listeners.delete(this.#signal);
  };
}

const listeners = new WeakMap<AbortSignal, Listener>();

/**
 * Cancels a task when a signal is aborted, with the signal's reason as the message.
 *
 * @param task a Task, or what else a task factory has made
 */
export function cancelOnAbort(task: Future, signal: AbortSignal): void {
  if (signal.aborted) task.cancel(messageOf(signal));
  else if (!task.done()) (listeners.get(signal) ?? new Listener(signal)).add(task);
}

function messageOf({ reason }: AbortSignal): string {
  return textOf(reason ?? "");
}
