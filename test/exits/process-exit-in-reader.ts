// expect: code=3 signal=null
/** A callback that an fd has set off calls `process.exit`. */
import { socketpair } from "../../host/index.js";
import { IdleLoop } from "./idle-loop.js";

const idle = new IdleLoop();
const [left, right] = socketpair();
idle.loop.addReader(left, () => process.exit(3));
void idle.ready.then(() => right.send(Buffer.from("go")));
await idle.loop.runForever();
