// expect: code=0 signal=null
// prints: alive after 5 workers
/** Workers that are terminated, and that leave by themselves, while lookups are under way. */
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { newEventLoop } from "../../host/index.js";

const WORKERS = 5;
/** The one that leaves by itself. */
const LEAVES = 1;

if (isMainThread) {
  for (let index = 0; index < WORKERS; index++) {
    const worker = new Worker(fileURLToPath(import.meta.url), { argv: [String(index)] });
    await once(worker, index === LEAVES ? "exit" : "message");
    await worker.terminate();
  }
  console.log(`alive after ${WORKERS} workers`);
} else {
  const loop = newEventLoop();
  for (let index = 0; index < 8; index++) loop.getaddrinfo("localhost", 80);
  loop.callSoon(() => parentPort?.postMessage("looking up"));
  if (Number(process.argv[2]) === LEAVES) setImmediate(() => process.exit(3));
  await loop.runForever();
}
