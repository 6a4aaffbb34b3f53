// expect: code=0 signal=null
// prints: terminated with 1, 1, 1, 1
/** Workers are terminated while their loops are busy. A loop of this thread goes on beside them, and ends in good order. */
import { BusyLoop } from "./busy-loop.js";
import { startWorker, WORKERS } from "./workers.js";

const busy = new BusyLoop();
const terminated: number[] = [];
busy.loop.createTask(async () => {
  for (let count = 0; count < WORKERS; count++) terminated.push(await (await startWorker("goes on")).terminate());
  await busy.putAway();
  busy.loop.stop();
});
await busy.loop.runForever();
busy.loop.close();
console.log(`terminated with ${terminated.join(", ")}`);
