// expect: code=0 signal=null
// prints: terminated with 1, 1, 1, 1
/** Workers are terminated while their loops wait. */
import { terminateWorkers } from "./workers.js";

const codes = await terminateWorkers({ state: "idle" });
console.log(`terminated with ${codes.join(", ")}`);
