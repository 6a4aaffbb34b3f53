// expect: code=0 signal=null
// prints: the loop is closed
/** A loop that is closed while everything is still pending. */
import { newEventLoop } from "../../host/index.js";
import { makeBusy, makeIdle } from "./busy.js";

const loop = newEventLoop();
makeBusy(loop);
makeIdle(loop);
loop.callLater(0.05, () => loop.stop());
await loop.runForever();
loop.close();
console.log("the loop is closed");
