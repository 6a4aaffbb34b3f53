/**
 * An event loop for tests: no real time passes, and nothing outside the process is touched.
 *
 * Owns: nothing but the choice of its driver (`scheduler/virtual-driver.ts`).
 */
import { runOutsideTasks } from "../futures/awaiting.js";
import { VirtualDriver } from "../scheduler/virtual-driver.js";
import { EventLoop } from "./event-loop.js";

/** A loop whose clock starts at 0 and jumps to the next deadline when nothing is ready. Watching fds is an error. */
export class VirtualEventLoop extends EventLoop {
  constructor() {
    super(runOutsideTasks(() => new VirtualDriver()));
  }
}
