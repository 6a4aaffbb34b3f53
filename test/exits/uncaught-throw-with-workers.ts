// expect: code=1 signal=null
// prints: at Timeout.throwBesideWorkers
/** The main thread throws, and nobody catches, while its own loop and that of a worker are busy. */
import { BusyLoop } from "./busy-loop.js";
import { startWorker } from "./workers.js";

const busy = new BusyLoop();
const workers = [startWorker({ state: "busy" }), startWorker({ state: "idle" })];
void Promise.all([busy.ready, ...workers]).then(() => setTimeout(throwBesideWorkers, 2));
await busy.loop.runForever();

function throwBesideWorkers(): never {
  throw new Error("nobody catches this");
}
