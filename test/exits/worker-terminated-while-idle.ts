// expect: code=0 signal=null
// prints: terminated with 1, 1, 1, 1
/** Workers are terminated while their loops wait for a far timer. */
import { startWorker, WORKERS } from "./workers.js";

const terminated: number[] = [];
for (let count = 0; count < WORKERS; count++) terminated.push(await (await startWorker("idles")).terminate());
console.log(`terminated with ${terminated.join(", ")}`);
