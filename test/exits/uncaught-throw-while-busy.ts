// expect: code=1 signal=null
// prints: at Timeout.throwUncaught
/** A timer of Node's throws while the loop is busy, and nobody catches: Node prints the stack and ends. */
import { BusyLoop } from "./busy-loop.js";

const busy = new BusyLoop();
void busy.ready.then(() => setTimeout(throwUncaught, 2));
await busy.loop.runForever();

function throwUncaught(): never {
  throw new Error("nobody catches this");
}
