/** What the programs of this folder run in worker threads: a loop that is busy, waits or has children, says so, and then ends as it was told to. */
import { parentPort, workerData } from "node:worker_threads";
import { BusyLoop } from "./busy-loop.js";
import { ChildrenLoop } from "./children-loop.js";
import { IdleLoop } from "./idle-loop.js";
import { TlsLoop } from "./tls-loop.js";
import type { Order, WorkerEnding } from "./workers.js";

const { state, ending = "none" } = workerData as Order;
const states = { busy: BusyLoop, idle: IdleLoop, children: ChildrenLoop, tls: TlsLoop };
const { loop, ready } = new states[state]();
const endings: Record<WorkerEnding, () => void> = {
  none: () => {},
  exit: () => setTimeout(() => process.exit(7), 2),
  "exit in a callback": () => loop.callLater(0.001, () => process.exit(7)),
  throw: () => setTimeout(throwInWorker, 2),
  stop: () => loop.stop(),
  "stop and close": () => loop.stop(),
};

void ready.then(() => {
  parentPort?.postMessage("ready");
  endings[ending]();
});
await loop.runForever();
if (ending === "stop and close") loop.close();

function throwInWorker(): never {
  throw new Error("nobody in the worker catches this");
}
