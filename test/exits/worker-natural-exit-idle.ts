// expect: code=0 signal=null
// prints: worker exit code 0
/** A worker whose loop was idle, then stopped and never closed. */
import { endOf, startWorker } from "./workers.js";

console.log(await endOf(await startWorker({ state: "idle", end: "return" })));
