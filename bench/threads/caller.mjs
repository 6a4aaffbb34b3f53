/** The worker of the thread benchmark: calls as fast as it can, or once every few milliseconds, when everybody else has fallen asleep. */
import { workerData } from "node:worker_threads";
import { RemoteLoop } from "wasyncio/worker";

const PAUSE_MS = 2;
const { port, isShared, metric, count } = workerData;
const remote = isShared ? new RemoteLoop(port) : null;
const call = remote
  ? (name, sent) => remote.callSoonThreadsafe(name, sent)
  : (name, sent) => port.postMessage([name, sent]);

const sleeping = new Int32Array(new SharedArrayBuffer(4));
for (let at = 0; at < count; at++) {
  if (metric === "wake") Atomics.wait(sleeping, 0, 0, PAUSE_MS);
  call("called", process.hrtime.bigint());
}
call("done", 0n);
if (!isShared) port.close();
