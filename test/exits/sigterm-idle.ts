// expect: code=null signal=SIGTERM
/** SIGTERM, which nobody handles, while the loop is idle. */
import { newEventLoop } from "../../host/index.js";
import { makeIdle } from "./busy.js";

const loop = newEventLoop();
makeIdle(loop);
setTimeout(() => process.kill(process.pid, "SIGTERM"), 50);
await loop.runForever();
