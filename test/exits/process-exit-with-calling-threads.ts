// expect: code=6 signal=null
/** The main thread calls `process.exit` while threads call its loop without end, and one blocks for an answer that never comes. */
import { newEventLoop } from "../../host/index.js";
import { startCaller } from "./callers.js";

const loop = newEventLoop();
let calls = 0;
const shared = {
  called: () => {
    if (++calls === 1000) process.exit(6);
  },
  *never() {
    for (;;) yield loop.createFuture<void>();
  },
};
for (const what of ["calls", "blocks"] as const) startCaller(loop, shared, what);
await loop.runForever();
