// expect: code=1 signal=null
// prints: at exitByError
/** A callback of the busy loop throws SystemExit, which ends the run; nobody catches what the run throws. */
import { SystemExit } from "../../host/index.js";
import { BusyLoop } from "./busy-loop.js";

const busy = new BusyLoop();
void busy.ready.then(() => busy.loop.callSoon(exitByError));
await busy.loop.runForever();

function exitByError(): never {
  throw new SystemExit("the program asked to end");
}
