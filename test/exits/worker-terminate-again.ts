// expect: code=0 signal=null
// prints: 8 workers, one after another
/** Workers that are terminated one after another: each finds the process as the first one did. */
import { startWorker } from "./workers.js";

let count = 0;
while (count < 8) {
  const worker = await startWorker({ state: count % 2 ? "idle" : "busy" });
  await worker.terminate();
  count++;
}
console.log(`${count} workers, one after another`);
