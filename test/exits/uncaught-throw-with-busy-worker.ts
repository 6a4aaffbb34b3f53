// expect: code=1 signal=null
// prints: at throwBesideWorker
/** The main thread throws, and nobody catches, while the loop of a worker is busy. */
import { startWorker } from "./workers.js";

await startWorker("goes on");
setTimeout(throwBesideWorker, 2);

function throwBesideWorker(): never {
  throw new Error("nobody catches this");
}
