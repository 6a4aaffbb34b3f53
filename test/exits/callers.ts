/** Threads that call a loop, for programs that end meanwhile. */
import { Worker } from "node:worker_threads";
import type { EventLoop } from "../../host/index.js";

/** What such a thread does. */
export type Calling = "calls" | "calls once" | "blocks";

/** Starts one. */
export function startCaller(
  loop: EventLoop,
  shared: Record<string, (...args: never[]) => unknown>,
  what: Calling,
): Worker {
  const port = loop.share(shared);
  return new Worker(new URL("./caller.js", import.meta.url), { workerData: { port, what }, transferList: [port] });
}
