// expect: code=3 signal=null
/** A callback of the loop calls `process.exit` while two children run, one of them busy. */
import { ChildrenLoop } from "./children-loop.js";

const { loop, ready } = new ChildrenLoop();
void ready.then(() => loop.callLater(0.001, () => process.exit(3)));
await loop.runForever();
