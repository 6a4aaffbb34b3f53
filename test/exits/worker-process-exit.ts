// expect: code=0 signal=null
// prints: ended with 7, 7, 7, 7
/** A timer of Node's calls `process.exit` in workers whose loops are busy: the workers end, and the process goes on. */
import { runWorker, WORKERS } from "./workers.js";

const codes: number[] = [];
for (let count = 0; count < WORKERS; count++) codes.push((await runWorker("exits")).code);
console.log(`ended with ${codes.join(", ")}`);
