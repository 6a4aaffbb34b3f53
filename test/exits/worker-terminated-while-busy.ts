// expect: code=0 signal=null
// prints: terminated with 1, 1, 1, 1
/** Workers are terminated while their loops are busy. A loop of this thread goes on beside them, and ends in good order. */
import { BusyLoop } from "./busy-loop.js";
import { terminateWorkers } from "./workers.js";

const busy = new BusyLoop();
const run = busy.loop.runForever();
const codes = await terminateWorkers({ state: "busy" });
await busy.putAway();
busy.loop.stop();
await run;
busy.loop.close();
console.log(`terminated with ${codes.join(", ")}`);
