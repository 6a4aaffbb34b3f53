// expect: code=0 signal=null
// prints: 1 2
/** The program ends with workers that have nothing to do, of pools that were not shut down and of a loop that was not closed. */
import { newEventLoop, ProcessPoolExecutor } from "../../host/index.js";

const loop = newEventLoop();
const processes = new ProcessPoolExecutor({ maxWorkers: 1 });
const first = await loop.runUntilComplete(loop.runInExecutor(null, () => 1));
console.log(first, await processes.submit(() => 2));
