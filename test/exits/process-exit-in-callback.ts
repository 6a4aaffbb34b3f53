// expect: code=3 signal=null
/** A callback of the busy loop calls `process.exit`. */
import { BusyLoop } from "./busy-loop.js";

const busy = new BusyLoop();
void busy.ready.then(() => busy.loop.callLater(0.001, () => process.exit(3)));
await busy.loop.runForever();
