// expect: code=0 signal=null
// prints: closed
/** SIGTERM comes while the loop is busy; the program handles it, puts everything away and ends in good order. */
import { BusyLoop } from "./busy-loop.js";
import { askForSignal } from "./signals.js";

const busy = new BusyLoop();
process.once("SIGTERM", () => void busy.putAway().then(() => busy.loop.stop()));
void busy.ready.then(() => askForSignal("TERM"));
await busy.loop.runForever();
busy.loop.close();
console.log("closed");
