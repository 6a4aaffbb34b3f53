// expect: code=0 signal=null
// prints: closed
/** A busy loop is stopped and closed while everything is still pending. */
import { BusyLoop } from "./busy-loop.js";

const busy = new BusyLoop();
void busy.ready.then(() => busy.loop.stop());
await busy.loop.runForever();
busy.loop.close();
console.log("closed");
