// expect: code=1 signal=null
// prints: ERR_VIRTUAL_DEADLOCK
/** A virtual loop whose task waits for what nobody will settle says so, instead of ending the process without a word. */
import { VirtualEventLoop } from "../../host/testing.js";

const loop = new VirtualEventLoop();
await loop.runUntilComplete(loop.createTask(async () => await loop.createFuture()));
