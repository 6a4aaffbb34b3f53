// expect: code=3 signal=null
/** process.exit in a callback that an fd has set off. */
import { newEventLoop, socketpair } from "../../host/index.js";
import { makeIdle } from "./busy.js";

const loop = newEventLoop();
makeIdle(loop);
const [left, right] = socketpair();
loop.addReader(left, () => process.exit(3));
setTimeout(() => right.send(Buffer.from("x")), 50);
await loop.runForever();
