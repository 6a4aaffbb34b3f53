/** What `thread-calls.ts` runs in its workers. */
import { type MessagePort as Port, parentPort, workerData } from "node:worker_threads";
import { RemoteLoop } from "../../host/worker.js";
import type { Order } from "./thread-calls.js";

/** Every so many calls, a thread that pauses does so, for longer than the loop takes for them. */
const CALLS_BETWEEN_PAUSES = 500;
const PAUSE_MS = 3;

const { port, thread, calls, pauses } = workerData as Order;
const loop = new RemoteLoop<{ note(thread: number, count: number): void; end(): void }>(port as Port);
const never = new Int32Array(new SharedArrayBuffer(4));
let end = "";

try {
  for (let count = 0; count < calls; count++) {
    loop.callSoonThreadsafe("note", thread, count);
    if (pauses && count % CALLS_BETWEEN_PAUSES === 0) Atomics.wait(never, 0, 0, PAUSE_MS);
  }
  loop.callSoonThreadsafe("end");
} catch (error) {
  end = String((error as { code?: string }).code);
}
parentPort?.postMessage(end);
