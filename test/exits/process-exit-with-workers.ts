// expect: code=6 signal=null
/** The main thread calls `process.exit` while its own loop is busy, and so is that of one worker, while that of another waits. */
import { BusyLoop } from "./busy-loop.js";
import { startWorker } from "./workers.js";

const busy = new BusyLoop();
const workers = [startWorker({ state: "busy" }), startWorker({ state: "idle" })];
void Promise.all([busy.ready, ...workers]).then(() => process.exit(6));
await busy.loop.runForever();
