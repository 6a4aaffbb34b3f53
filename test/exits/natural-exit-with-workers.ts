// expect: code=0 signal=null
/** The main thread has nothing left to do, and does not wait for two workers, of which one has a busy loop. */
import { startWorker } from "./workers.js";

for (const state of ["busy", "idle"] as const) (await startWorker({ state })).unref();
