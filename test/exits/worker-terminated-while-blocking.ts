// expect: code=0 signal=null
// prints: terminated with 1, 1
/** Workers are terminated while their loops block their threads, in the kernel and out of it. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";

const codes: number[] = [];
for (const workerData of ["idle", "busy"]) {
  const worker = new Worker(new URL("blocking-worker.js", import.meta.url), { workerData });
  await once(worker, "message");
  codes.push(await worker.terminate());
}
console.log(`terminated with ${codes.join(", ")}`);
