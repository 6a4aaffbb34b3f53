// expect: code=0 signal=null
// prints: 1,1,1,1,1,1
/** Several workers that are terminated at once, beside a busy loop in this thread. */
import { newEventLoop } from "../../host/index.js";
import { makeBusy } from "./busy.js";
import { startWorker } from "./workers.js";

const loop = newEventLoop();
makeBusy(loop);
const run = loop.runForever();
const states = ["busy", "idle", "busy", "idle", "busy", "idle"] as const;
const workers = await Promise.all(states.map((state) => startWorker({ state })));
console.log((await Promise.all(workers.map((worker) => worker.terminate()))).join());
loop.stop();
await run;
loop.close();
