// expect: code=null signal=SIGHUP
/** SIGHUP, which nobody handles, while the loop is busy. */
import { newEventLoop } from "../../host/index.js";
import { makeBusy } from "./busy.js";

const loop = newEventLoop();
makeBusy(loop);
setTimeout(() => process.kill(process.pid, "SIGHUP"), 50);
await loop.runForever();
