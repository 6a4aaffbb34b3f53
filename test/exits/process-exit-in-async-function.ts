// expect: code=4 signal=null
/** An async function of the busy loop calls `process.exit`, between two iterations. */
import { sleep } from "../../host/index.js";
import { BusyLoop } from "./busy-loop.js";

const busy = new BusyLoop();
busy.loop.createTask(async () => {
  await busy.ready;
  await sleep(0.001);
  process.exit(4);
});
await busy.loop.runForever();
