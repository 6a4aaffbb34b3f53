// expect: code=3 signal=null
/** process.exit in a callback of a busy loop, while loops in workers are busy and idle. */
import { newEventLoop } from "../../host/index.js";
import { makeBusy } from "./busy.js";
import { startWorker } from "./workers.js";

await Promise.all([startWorker({ state: "busy" }), startWorker({ state: "idle" })]);
const loop = newEventLoop();
makeBusy(loop);
loop.callLater(0.05, () => process.exit(3));
await loop.runForever();
