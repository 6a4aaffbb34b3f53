// expect: code=null signal=SIGTERM
/** SIGTERM comes while the loop waits. */
import { IdleLoop } from "./idle-loop.js";
import { askForSignal } from "./signals.js";

const idle = new IdleLoop();
void idle.ready.then(() => askForSignal("TERM"));
await idle.loop.runForever();
