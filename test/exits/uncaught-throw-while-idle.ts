// expect: code=1 signal=null
// prints: at Timeout.throwUncaught
/** A timer of Node's throws while the loop waits. */
import { IdleLoop } from "./idle-loop.js";

const idle = new IdleLoop();
void idle.ready.then(() => setTimeout(throwUncaught, 2));
await idle.loop.runForever();

function throwUncaught(): never {
  throw new Error("nobody catches this");
}
