/**
 * What a task knows of its cancellation.
 *
 * Owns: the message of the last call of `cancel` that has come to it, which call that was, what it owes of it (`late-cancellation.ts`),
 * and its AbortSignal. Most tasks are never cancelled and have none of this.
 *
 * Does not own: how often it was cancelled (`assembly/tasks.ts`), throwing the CancelledError (`task.ts`).
 */
import { CancelledError } from "../errors.js";

export class TaskCancellation {
  message: string | undefined = undefined;
  /** The number of the last call that has come; 0 for none. */
  number = 0;
  /** The number of the last one that did not come from a group or a time limit within the task. */
  outerNumber = 0;
  /** What is to be thrown at the next await, or left to the one who awaits the task. */
  owed: { readonly message: string | undefined } | null = null;
  #inherited = 0;
  #controller: AbortController | null = null;

  /** A call has come. */
  come(number: number, message: string | undefined, isFromWithin: boolean): void {
    this.number = number;
    if (!isFromWithin) this.outerNumber = number;
    this.message = message;
    this.#controller?.abort(new CancelledError(message));
  }

  /** A signal that is aborted with the next call that comes, or is aborted already. */
  signal(isCancelled: boolean): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (isCancelled) this.#controller.abort(new CancelledError(this.message));
    }
    return this.#controller.signal;
  }

  /** Answers what is owed, which then is so no more. */
  takeOwed(): { readonly message: string | undefined } | null {
    const owed = this.owed;
    this.owed = null;
    return owed;
  }

  /** Whether a call that a task has left to the one who awaited it is the last that has come here, and is left for the first time. */
  inherits(left: number | undefined): boolean {
    if (this.number === 0 || left !== this.number || left === this.#inherited) return false;
    this.#inherited = left;
    return true;
  }
}
