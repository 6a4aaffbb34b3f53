// expect: code=0 signal=null
// prints: worker exit code 1, boom in the worker
/** An error that nobody catches, in a worker whose loop is busy. */
import { endOf, startWorker } from "./workers.js";

console.log(await endOf(await startWorker({ state: "busy", end: "throw" })));
