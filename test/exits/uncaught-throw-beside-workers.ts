// expect: code=1 signal=null
// prints: boom
/** An error that nobody catches, while loops in this thread and in workers are busy. */
import { newEventLoop } from "../../host/index.js";
import { makeBusy } from "./busy.js";
import { startWorker } from "./workers.js";

await Promise.all([startWorker({ state: "busy" }), startWorker({ state: "idle" })]);
const loop = newEventLoop();
makeBusy(loop);
setTimeout(() => {
  throw new Error("boom");
}, 50);
await loop.runForever();
