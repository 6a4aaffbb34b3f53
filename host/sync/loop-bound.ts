/**
 * What belongs to the loop on which it is first used.
 *
 * From: CPython 3.13, mixins.py `_LoopBoundMixin`. Differs: every call that returns a future binds, and not only one that has to wait.
 */
import { RuntimeError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import { getRunningLoop, runningLoop } from "../loop/running-loop.js";

export abstract class LoopBound {
  #loop: EventLoop | null = null;

  /**
   * @internal The loop that runs. An async function may go on just after a run, which is no reason to refuse it.
   *
   * @throws RuntimeError `ERR_NO_RUNNING_LOOP` while it is not bound, `ERR_FOREIGN_LOOP`
   */
  _boundLoop(): EventLoop {
    const loop = runningLoop() ?? this.#loop ?? getRunningLoop();
    this.#loop ??= loop;
    if (this.#loop === loop) return loop;
    throw new RuntimeError(
      "ERR_FOREIGN_LOOP",
      `${this} is bound to a different event loop: make one for each loop that it is used on`,
    );
  }
}
