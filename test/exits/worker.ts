/** A worker thread with a loop, which says when the loop is as it should be, and then ends as it was told to. */
import { parentPort, workerData } from "node:worker_threads";
import { BusyLoop } from "./busy-loop.js";
import type { Ending } from "./workers.js";

const busy = new BusyLoop();
const { loop } = busy;
const endings: Record<Ending, () => void> = {
  "goes on": () => {},
  idles: () => loop.callLater(1000, () => {}),
  exits: () => setTimeout(() => process.exit(7), 2),
  "exits in a callback": () => loop.callLater(0.001, () => process.exit(7)),
  throws: () => setTimeout(throwInWorker, 2),
  "stops and closes": () => void busy.putAway().then(() => loop.stop()),
  "stops alone": () => loop.stop(),
};

void busy.isBusy.then(async () => {
  if (workerData === "idles") await busy.putAway();
  endings[workerData as Ending]();
  parentPort?.postMessage("ready");
});
await loop.runForever();
if (workerData === "stops and closes") loop.close();

function throwInWorker(): never {
  throw new Error("nobody in the worker catches this");
}
