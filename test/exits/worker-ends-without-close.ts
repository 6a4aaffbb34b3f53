// expect: code=0 signal=null
// prints: ended with 0, 0, 0, 0
/** Workers whose busy loops were stopped and never closed end by themselves. */
import { runWorkers } from "./workers.js";

const ends = await runWorkers({ state: "busy", ending: "stop" });
console.log(`ended with ${ends.map(({ code }) => code).join(", ")}`);
