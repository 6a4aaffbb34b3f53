// expect: code=3 signal=null
/** process.exit in an async function, between two iterations of a busy loop. */
import { newEventLoop, sleep } from "../../host/index.js";
import { makeBusy } from "./busy.js";

const loop = newEventLoop();
makeBusy(loop);
loop.createTask(async () => {
  await sleep(0.05);
  process.exit(3);
});
await loop.runForever();
