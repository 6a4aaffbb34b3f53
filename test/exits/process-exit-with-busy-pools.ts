// expect: code=7 signal=null
/** The process ends while a thread and a child work for ever; neither outlives it. */
import { ProcessPoolExecutor, ThreadPoolExecutor } from "../../host/index.js";

const started = new Int32Array(new SharedArrayBuffer(4));
const threads = new ThreadPoolExecutor({ maxWorkers: 1 });
const processes = new ProcessPoolExecutor({ maxWorkers: 1 });
await processes.submit(() => 1);
threads
  .submit((cell: Int32Array) => {
    Atomics.store(cell, 0, 1);
    for (;;);
  }, started)
  .then(undefined, () => {});
processes
  .submit(() => {
    for (;;);
  })
  .then(undefined, () => {});
while (Atomics.load(started, 0) === 0) await new Promise((resolve) => setImmediate(resolve));
process.exit(7);
