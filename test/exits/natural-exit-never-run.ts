// expect: code=0 signal=null
/** A loop that never runs keeps nothing alive, though it has much to do and an fd is readable. */
import { newEventLoop, socketpair } from "../../host/index.js";

const loop = newEventLoop();
loop.callSoon(() => {});
loop.callLater(0.001, () => {});
loop.createTask(async () => {});
const [left, right] = socketpair();
loop.addReader(left, () => left.recv(1));
right.send(Buffer.from("x"));
