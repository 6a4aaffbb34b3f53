// expect: code=0 signal=null
// prints: worker exit code 5
/** process.exit in a worker whose loop is idle: it ends the worker alone. */
import { endOf, startWorker } from "./workers.js";

console.log(await endOf(await startWorker({ state: "idle", end: "exit" })));
