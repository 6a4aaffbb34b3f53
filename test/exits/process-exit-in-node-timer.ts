// expect: code=5 signal=null
/** A timer of Node's calls `process.exit` while the loop is busy. */
import { BusyLoop } from "./busy-loop.js";

const busy = new BusyLoop();
void busy.ready.then(() => setTimeout(() => process.exit(5), 2));
await busy.loop.runForever();
