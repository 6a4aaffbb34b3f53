/**
 * Semaphores that notice when they are released too often.
 *
 * From: CPython 3.13, locks.py `BoundedSemaphore`.
 */
import { ValueError } from "../errors.js";
import { Semaphore } from "./semaphore.js";

/** A semaphore whose value never goes above the first one. */
export class BoundedSemaphore extends Semaphore {
  readonly #bound: number;

  /** @throws as `Semaphore` */
  constructor(value = 1) {
    super(value);
    this.#bound = value;
  }

  /** As that of a semaphore. @throws ValueError `ERR_RELEASED_TOO_OFTEN` */
  override release(): void {
    if (this._value() >= this.#bound) {
      throw new ValueError(
        "ERR_RELEASED_TOO_OFTEN",
        "BoundedSemaphore released too many times: release it once for each acquire",
      );
    }
    super.release();
  }
}
