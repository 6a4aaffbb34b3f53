// expect: code=0 signal=null
// prints: ended with 0, 0, 0, 0
/** Workers end by themselves after their loops were closed. */
import { runWorker, WORKERS } from "./workers.js";

const codes: number[] = [];
for (let count = 0; count < WORKERS; count++) codes.push((await runWorker("stops and closes")).code);
console.log(`ended with ${codes.join(", ")}`);
