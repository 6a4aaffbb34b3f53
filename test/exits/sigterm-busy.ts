// expect: code=null signal=SIGTERM
/** SIGTERM, which nobody handles, while the loop is busy. */
import { newEventLoop } from "../../host/index.js";
import { makeBusy } from "./busy.js";

const loop = newEventLoop();
makeBusy(loop);
setTimeout(() => process.kill(process.pid, "SIGTERM"), 50);
await loop.runForever();
