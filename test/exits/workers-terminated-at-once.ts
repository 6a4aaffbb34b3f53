// expect: code=0 signal=null
// prints: terminated with 1, 1, 1, 1, 1, 1
/** Several workers are terminated at once, whose loops are busy or wait. */
import { startWorker } from "./workers.js";

const states = ["busy", "idle", "busy", "idle", "busy", "idle"] as const;
const workers = await Promise.all(states.map((state) => startWorker({ state })));
const codes = await Promise.all(workers.map((worker) => worker.terminate()));
console.log(`terminated with ${codes.join(", ")}`);
