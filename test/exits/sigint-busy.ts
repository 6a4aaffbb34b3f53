// expect: code=null signal=SIGINT
/** SIGINT, which nobody handles, while the loop is busy. */
import { newEventLoop } from "../../host/index.js";
import { makeBusy } from "./busy.js";

const loop = newEventLoop();
makeBusy(loop);
setTimeout(() => process.kill(process.pid, "SIGINT"), 50);
await loop.runForever();
