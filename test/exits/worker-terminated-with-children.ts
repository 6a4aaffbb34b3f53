// expect: code=0 signal=null
// prints: [1,1,1,1]
/** Several workers, one after the other, are terminated while each has two children, one of them busy. */
import { terminateWorkers } from "./workers.js";

console.log(JSON.stringify(await terminateWorkers({ state: "children" })));
