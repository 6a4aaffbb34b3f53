// expect: code=0 signal=null
// prints: stopped by SIGTERM
/** SIGTERM, which Node's own handler takes while the loop is busy: it stops the loop. */
import { newEventLoop } from "../../host/index.js";
import { makeBusy } from "./busy.js";

const loop = newEventLoop();
makeBusy(loop);
process.on("SIGTERM", (signal) => {
  loop.stop();
  console.log(`stopped by ${signal}`);
});
setTimeout(() => process.kill(process.pid, "SIGTERM"), 50);
await loop.runForever();
loop.close();
process.removeAllListeners("SIGTERM");
