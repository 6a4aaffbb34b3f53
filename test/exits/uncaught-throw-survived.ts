// expect: code=0 signal=null
// prints: went on after boom
/** A busy loop goes on when the program catches what nobody else does. */
import { newEventLoop } from "../../host/index.js";
import { makeBusy } from "./busy.js";

const loop = newEventLoop();
makeBusy(loop);
process.on("uncaughtException", ({ message }) => {
  loop.callLater(0.05, () => {
    console.log(`went on after ${message}`);
    loop.stop();
  });
});
setTimeout(() => {
  throw new Error("boom");
}, 50);
await loop.runForever();
loop.close();
