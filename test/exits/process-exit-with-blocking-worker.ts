// expect: code=7 signal=null
/** The process ends while the loop of a worker blocks its thread. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";

const worker = new Worker(new URL("blocking-worker.js", import.meta.url), { workerData: "idle" });
await once(worker, "message");
process.exit(7);
