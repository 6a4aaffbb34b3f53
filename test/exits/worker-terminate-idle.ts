// expect: code=0 signal=null
// prints: terminated with 1
/** worker.terminate() while the loop of the worker is idle. */
import { startWorker } from "./workers.js";

const worker = await startWorker({ state: "idle" });
console.log(`terminated with ${await worker.terminate()}`);
