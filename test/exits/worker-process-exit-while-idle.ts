// expect: code=0 signal=null
// prints: ended with 7, 7, 7, 7
/** A timer of Node's calls `process.exit` in workers whose loops wait. */
import { runWorkers } from "./workers.js";

const ends = await runWorkers({ state: "idle", ending: "exit" });
console.log(`ended with ${ends.map(({ code }) => code).join(", ")}`);
