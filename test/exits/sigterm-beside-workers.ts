// expect: code=null signal=SIGTERM
/** SIGTERM, which nobody handles, while loops in this thread and in workers are busy. */
import { newEventLoop } from "../../host/index.js";
import { makeBusy } from "./busy.js";
import { startWorker } from "./workers.js";

await Promise.all([startWorker({ state: "busy" }), startWorker({ state: "idle" })]);
const loop = newEventLoop();
makeBusy(loop);
setTimeout(() => process.kill(process.pid, "SIGTERM"), 50);
await loop.runForever();
