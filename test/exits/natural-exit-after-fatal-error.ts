// expect: code=1 signal=null
// prints: SystemExit: enough
/** A fatal error ends the run, and, uncaught, the process. */
import { newEventLoop, SystemExit } from "../../host/index.js";
import { makeBusy } from "./busy.js";

const loop = newEventLoop();
makeBusy(loop);
loop.callLater(0.05, () => {
  throw new SystemExit("enough");
});
await loop.runForever();
