// expect: code=3 signal=null
/** Something of Node's calls `process.exit` while the loop waits. */
import { IdleLoop } from "./idle-loop.js";

const idle = new IdleLoop();
void idle.ready.then(() => setTimeout(() => process.exit(3), 2));
await idle.loop.runForever();
