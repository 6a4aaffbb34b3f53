/**
 * Which loop this thread runs, and which one it uses by default.
 *
 * Owns: both variables. One loop runs in a thread at a time, as in asyncio.
 *
 * From: CPython 3.13, events.py `get_running_loop`, `get_event_loop`, `set_event_loop`.
 */
import { RuntimeError } from "../errors.js";
import { asyncTask } from "../futures/awaiting.js";
import type { EventLoop } from "./event-loop.js";

let running: EventLoop | null = null;
let current: EventLoop | null = null;

/** The loop that runs in this thread, or null. */
export function runningLoop(): EventLoop | null {
  return running;
}

/** @throws RuntimeError `ERR_ANOTHER_LOOP_RUNNING` */
export function checkNoLoopRuns(): void {
  if (running !== null) {
    throw new RuntimeError(
      "ERR_ANOTHER_LOOP_RUNNING",
      "Cannot run the event loop while another loop is running in this thread: stop that one first",
    );
  }
}

/** Notes which loop runs. */
export function setRunningLoop(loop: EventLoop | null): void {
  running = loop;
}

/** The loop that was set for this thread, or null. */
export function currentLoop(): EventLoop | null {
  return current;
}

/** Sets the loop of this thread. */
export function setCurrentLoop(loop: EventLoop | null): void {
  current = loop;
}

/**
 * The loop that runs in this thread.
 *
 * @throws RuntimeError `ERR_NO_RUNNING_LOOP`
 */
export function getRunningLoop(): EventLoop {
  if (running === null) {
    // An async function of a task may go on between two runs, when a promise settles.
    const task = asyncTask();
    if (task !== null && !task.done() && !task._loop.isClosed()) return task._loop;
    throw new RuntimeError(
      "ERR_NO_RUNNING_LOOP",
      "no running event loop: call this from what a loop runs. run() and createTask() take the coroutine function itself, and not what a call of it returns",
    );
  }
  return running;
}
