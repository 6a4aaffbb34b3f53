// expect: code=0 signal=null
// prints: closed
/** A busy loop puts everything away, stops and is closed. */
import { BusyLoop } from "./busy-loop.js";

const busy = new BusyLoop();
void busy.ready.then(() => busy.putAway()).then(() => busy.loop.stop());
await busy.loop.runForever();
busy.loop.close();
console.log("closed");
