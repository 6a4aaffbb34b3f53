// expect: code=0 signal=null
/** The main thread has nothing left to do while the loop of a worker that it does not wait for is busy. */
import { startWorker } from "./workers.js";

(await startWorker("goes on")).unref();
