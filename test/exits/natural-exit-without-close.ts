// expect: code=0 signal=null
// prints: stopped
/** A busy loop is stopped and never closed: sockets, timers and calls are left as they are, ready and waiting. */
import { BusyLoop } from "./busy-loop.js";

const busy = new BusyLoop();
void busy.ready.then(() => busy.loop.stop());
await busy.loop.runForever();
console.log("stopped");
