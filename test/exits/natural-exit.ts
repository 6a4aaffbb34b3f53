// expect: code=0 signal=null
// prints: the loop has ended
/** A loop that was stopped and closed keeps nothing alive: the process ends by itself. */
import { newEventLoop } from "../../host/index.js";

const loop = newEventLoop();
loop.callLater(0.001, () => loop.stop());
await loop.runForever();
loop.close();
console.log("the loop has ended");
