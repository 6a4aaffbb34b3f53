// expect: code=0 signal=null
// prints: ended with 1, 1, 1, 1
/** A timer of Node's throws in workers whose loops wait: the workers end, and this thread is told why. */
import * as assert from "node:assert";
import { runWorkers } from "./workers.js";

const ends = await runWorkers({ state: "idle", ending: "throw" });
for (const { error } of ends) assert.equal(error?.message, "nobody in the worker catches this");
console.log(`ended with ${ends.map(({ code }) => code).join(", ")}`);
