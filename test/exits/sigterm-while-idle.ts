// expect: code=null signal=SIGTERM
/** SIGTERM comes while the loop waits for a far timer and for clients. */
import { newEventLoop, Protocol } from "../../host/index.js";
import { askForSigterm } from "./signals.js";

const loop = newEventLoop();
loop.callLater(1000, () => {});
loop.createTask(async () => {
  await loop.createServer(() => new Protocol(), "127.0.0.1", 0);
  askForSigterm();
});
await loop.runForever();
