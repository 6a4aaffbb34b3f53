// expect: code=0 signal=null
// prints: ended with 1, 1, 1, 1
/** A timer of Node's throws in workers whose loops are busy: the workers end, and this thread is told why. */
import * as assert from "node:assert";
import { runWorker, WORKERS } from "./workers.js";

const codes: number[] = [];
for (let count = 0; count < WORKERS; count++) {
  const { code, error } = await runWorker("throws");
  assert.equal(error?.message, "nobody in the worker catches this");
  codes.push(code);
}
console.log(`ended with ${codes.join(", ")}`);
