// expect: code=6 signal=null
/** The main thread calls `process.exit` while its own loop and those of two workers are busy. */
import { BusyLoop } from "./busy-loop.js";
import { startWorker } from "./workers.js";

const busy = new BusyLoop();
void Promise.all([busy.isBusy, startWorker("goes on"), startWorker("goes on")]).then(() => process.exit(6));
await busy.loop.runForever();
