// expect: code=0 signal=null
// prints: ended with 7, 7, 7, 7
/** A callback of their busy loops calls `process.exit` in workers. */
import { runWorkers } from "./workers.js";

const ends = await runWorkers({ state: "busy", ending: "exit in a callback" });
console.log(`ended with ${ends.map(({ code }) => code).join(", ")}`);
