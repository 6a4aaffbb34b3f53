/** What `beside-node.test.ts` runs in a worker thread: a little of everything, whose trace it sends back. */
import { parentPort, workerData } from "node:worker_threads";
import { EventLoop, sleep } from "../../../host/index.js";
import { VirtualEventLoop } from "../../../host/testing.js";

const trace: string[] = [];
const loop = workerData === "EventLoop" ? new EventLoop() : new VirtualEventLoop();
loop.callLater(0, () => trace.push("timer"));
const task = loop.createTask(async () => {
  await sleep(0.001);
  trace.push("task");
  await Promise.resolve();
  trace.push("promise");
  await sleep(0.001);
  trace.push("task again");
});
await loop.runUntilComplete(task);
loop.close();
parentPort?.postMessage(trace);
