// expect: code=null signal=SIGINT
/** SIGINT comes while the loop is busy, and ends the process as it would any other. */
import { BusyLoop } from "./busy-loop.js";
import { askForSignal } from "./signals.js";

const busy = new BusyLoop();
void busy.ready.then(() => askForSignal("INT"));
await busy.loop.runForever();
