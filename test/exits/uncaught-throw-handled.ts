// expect: code=0 signal=null
// prints: the loop went on
/** A timer of Node's throws while the loop is busy; the program has a handler for that, and the loop goes on. */
import { BusyLoop } from "./busy-loop.js";

const busy = new BusyLoop();
process.once("uncaughtException", () => {
  busy.loop.callSoon(() => {
    console.log("the loop went on");
    busy.loop.stop();
  });
});
void busy.ready.then(() => setTimeout(throwUncaught, 2));
await busy.loop.runForever();
busy.loop.close();

function throwUncaught(): never {
  throw new Error("the handler takes this");
}
