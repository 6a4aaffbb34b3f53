// expect: code=3 signal=null
/** process.exit in a timer of Node's while the loop is busy. */
import { newEventLoop } from "../../host/index.js";
import { makeBusy } from "./busy.js";

const loop = newEventLoop();
makeBusy(loop);
setTimeout(() => process.exit(3), 50);
await loop.runForever();
