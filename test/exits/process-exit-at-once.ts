// expect: code=3 signal=null
/** process.exit in the very turn in which the loop was made and started. */
import { newEventLoop } from "../../host/index.js";
import { makeBusy } from "./busy.js";

const loop = newEventLoop();
makeBusy(loop);
void loop.runForever();
process.exit(3);
