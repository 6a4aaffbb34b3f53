// expect: code=0 signal=null
// prints: closed
/** The loop is stopped and closed while two children run. Nobody waits for them: they would wait for their stdin to end. */
import { ChildrenLoop } from "./children-loop.js";

const { loop, ready } = new ChildrenLoop();
void ready.then(() => loop.stop());
await loop.runForever();
loop.close();
console.log("closed");
