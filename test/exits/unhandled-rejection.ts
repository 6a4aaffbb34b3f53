// expect: code=1 signal=null
// prints: boom
/** A rejection that nobody handles, in a promise that the busy loop knows nothing of. */
import { newEventLoop } from "../../host/index.js";
import { makeBusy } from "./busy.js";

const loop = newEventLoop();
makeBusy(loop);
loop.callLater(0.05, () => {
  void Promise.reject(new Error("boom"));
});
await loop.runForever();
