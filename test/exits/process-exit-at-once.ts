// expect: code=3 signal=null
/** `process.exit` in the very turn in which the loop was made and started. */
import { BusyLoop } from "./busy-loop.js";

const busy = new BusyLoop();
void busy.loop.runForever();
process.exit(3);
