/**
 * What is called on a loop from elsewhere than its own callbacks: signal handlers, native code, other threads.
 *
 * Owns: the door that other threads are given, which is made when the first is.
 *
 * Does not own: what goes through it (`threads/`).
 *
 * From: CPython 3.13, base_events `call_soon_threadsafe`. Differs: functions do not cross threads, so a loop shares them by name.
 */
import type { MessagePort } from "node:worker_threads";
import { type Callback, callOf, checkNotCoroutine } from "../scheduler/call.js";
import type { Handle } from "../scheduler/handle.js";
import { ThreadDoor } from "../threads/thread-door.js";
import type { EventLoop } from "./event-loop.js";
import { ProcessCalls } from "./process-calls.js";

export abstract class ThreadCalls extends ProcessCalls {
  /** As `callSoon`, and also wakes a loop that waits in the kernel. Other threads call through what `share` gives them. */
  callSoonThreadsafe<A extends unknown[]>(callback: (...args: A) => unknown, ...args: A): Handle {
    const { _scheduler: scheduler } = this as unknown as EventLoop;
    if (scheduler.debug) checkNotCoroutine(callback, "callSoonThreadsafe");
    const handle = scheduler.callSoon(callOf(callback as Callback, ...args));
    scheduler.driver.wakeThreadsafe();
    return handle;
  }

  /**
   * Shares callbacks with another thread, which calls them by name: `new RemoteLoop(port)` of `wasyncio/worker` has
   * `callSoonThreadsafe` and `runCoroutineThreadsafe`. They run on this loop, in this thread.
   *
   * @param callbacks functions, and coroutine functions for `runCoroutineThreadsafe`
   * @returns a port to transfer to one thread: `new Worker(file, { workerData: { port }, transferList: [port] })`
   * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_NOT_CALLABLE`; RuntimeError `ERR_LOOP_CLOSED`; UnsupportedError
   *   `ERR_NO_OUTSIDE` on a virtual loop
   */
  // biome-ignore lint/suspicious/noExplicitAny: a callback's parameters are its caller's business
  share(callbacks: Readonly<Record<string, (...args: any[]) => unknown>>): MessagePort {
    const loop = this as unknown as EventLoop;
    const scheduler = loop._scheduler;
    scheduler.checkOpen();
    scheduler.driver.checkOutside("calls from other threads");
    const door = (scheduler.mailbox as ThreadDoor | null) ?? new ThreadDoor(loop);
    const port = door.share(callbacks);
    scheduler.mailbox = door;
    return port;
  }
}
