// expect: code=0 signal=null
// prints: ended with 7, 7, 7, 7
/** A callback of their busy loops calls `process.exit` in workers. */
import { runWorker, WORKERS } from "./workers.js";

const codes: number[] = [];
for (let count = 0; count < WORKERS; count++) codes.push((await runWorker("exits in a callback")).code);
console.log(`ended with ${codes.join(", ")}`);
