// expect: code=null signal=SIGTERM
/** SIGTERM comes while the loops of this thread and of a worker are busy. */
import { BusyLoop } from "./busy-loop.js";
import { askForSignal } from "./signals.js";
import { startWorker } from "./workers.js";

const busy = new BusyLoop();
const workers = [startWorker({ state: "busy" }), startWorker({ state: "idle" })];
void Promise.all([busy.ready, ...workers]).then(() => askForSignal("TERM"));
await busy.loop.runForever();
