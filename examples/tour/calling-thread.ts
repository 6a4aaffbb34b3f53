/** The worker of the tour. */
import { workerData } from "node:worker_threads";
import { RemoteLoop } from "wasyncio/worker";
import type { Shared } from "./threads.js";

const loop = new RemoteLoop<Shared>(workerData.port);
for (let count = 0; count < workerData.calls; count++) loop.callSoonThreadsafe("next", count);
loop.callSoonThreadsafe("done", loop.runCoroutineThreadsafe("double", 21).result());
