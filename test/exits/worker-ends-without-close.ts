// expect: code=0 signal=null
// prints: ended with 0, 0, 0, 0
/** Workers end by themselves although their loops were stopped and never closed. */
import { runWorker, WORKERS } from "./workers.js";

const codes: number[] = [];
for (let count = 0; count < WORKERS; count++) codes.push((await runWorker("stops alone")).code);
console.log(`ended with ${codes.join(", ")}`);
