// expect: code=null signal=SIGTERM
/** SIGTERM comes while the loop is busy, and ends the process as it would any other. */
import { BusyLoop } from "./busy-loop.js";
import { askForSignal } from "./signals.js";

const busy = new BusyLoop();
void busy.ready.then(() => askForSignal("TERM"));
await busy.loop.runForever();
