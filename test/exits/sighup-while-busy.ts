// expect: code=null signal=SIGHUP
/** SIGHUP comes while the loop is busy, and ends the process as it would any other. */
import { BusyLoop } from "./busy-loop.js";
import { askForSignal } from "./signals.js";

const busy = new BusyLoop();
void busy.ready.then(() => askForSignal("HUP"));
await busy.loop.runForever();
