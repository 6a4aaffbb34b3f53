/** What programs run in worker threads: a loop that blocks its thread, has nothing to do, and says so before. */
import { parentPort, workerData } from "node:worker_threads";
import { newEventLoop, pipe } from "../../host/index.js";

const loop = newEventLoop();
if (workerData === "busy") loop.callSoon(again);
else loop.addReader(pipe()[0], () => {});
// Sent at once, but the loop may not be in the kernel yet when it arrives: either is to end well.
loop.callSoon(() => parentPort?.postMessage("ready"));
loop.runForeverSync();

function again(): void {
  loop.callSoon(again);
}
