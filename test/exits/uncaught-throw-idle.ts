// expect: code=1 signal=null
// prints: boom
/** An error that nobody catches, in a timer of Node's, while the loop is idle. */
import { newEventLoop } from "../../host/index.js";
import { makeIdle } from "./busy.js";

const loop = newEventLoop();
makeIdle(loop);
setTimeout(() => {
  throw new Error("boom");
}, 50);
await loop.runForever();
