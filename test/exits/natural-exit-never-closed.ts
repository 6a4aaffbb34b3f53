// expect: code=0 signal=null
// prints: the run has ended
/** A busy loop that was stopped and never closed keeps nothing alive. */
import { newEventLoop } from "../../host/index.js";
import { makeBusy } from "./busy.js";

const loop = newEventLoop();
makeBusy(loop);
loop.callLater(0.05, () => loop.stop());
await loop.runForever();
console.log("the run has ended");
