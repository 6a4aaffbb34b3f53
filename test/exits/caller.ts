/** What the threads of `callers.ts` run. */
import { workerData } from "node:worker_threads";
import { RemoteLoop } from "../../host/worker.js";

const loop = new RemoteLoop(workerData.port);
if (workerData.what === "blocks") loop.runCoroutineThreadsafe("never").result();
do loop.callSoonThreadsafe("called");
while (workerData.what === "calls");
