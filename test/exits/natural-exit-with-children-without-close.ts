// expect: code=0 signal=null
// prints: stopped
/** The loop is stopped and never closed while two children run. Nobody waits for them. */
import { ChildrenLoop } from "./children-loop.js";

const { loop, ready } = new ChildrenLoop();
void ready.then(() => loop.stop());
await loop.runForever();
console.log("stopped");
