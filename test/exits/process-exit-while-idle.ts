// expect: code=3 signal=null
/** process.exit while the loop waits for what does not come. */
import { newEventLoop } from "../../host/index.js";
import { makeIdle } from "./busy.js";

const loop = newEventLoop();
makeIdle(loop);
setTimeout(() => process.exit(3), 50);
await loop.runForever();
