// expect: code=null signal=SIGTERM
/** SIGTERM comes while two children run, one of them busy. */
import { ChildrenLoop } from "./children-loop.js";
import { askForSignal } from "./signals.js";

const { loop, ready } = new ChildrenLoop();
void ready.then(() => askForSignal("TERM"));
await loop.runForever();
