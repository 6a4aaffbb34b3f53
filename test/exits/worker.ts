/**
 * A part of the programs of this folder: what they run in worker threads.
 *
 * `workerData` says whether the loop is "busy" or "idle", and how the worker ends, if by itself.
 */
import { parentPort, workerData } from "node:worker_threads";
import { newEventLoop } from "../../host/index.js";
import { makeBusy, makeIdle } from "./busy.js";

/** What a worker is to do. */
export interface Order {
  readonly state: "busy" | "idle";
  readonly end?: "exit" | "throw" | "return" | "return closed";
}

const { state, end } = workerData as Order;
const loop = newEventLoop();
if (state === "busy") makeBusy(loop);
else makeIdle(loop);
loop.callLater(0.05, () => parentPort?.postMessage(state));
if (end === "exit") setTimeout(() => process.exit(5), 100);
if (end === "throw") {
  setTimeout(() => {
    throw new Error("boom in the worker");
  }, 100);
}
if (end?.startsWith("return")) loop.callLater(0.1, () => loop.stop());
await loop.runForever();
if (end === "return closed") loop.close();
