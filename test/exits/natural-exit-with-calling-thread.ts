// expect: code=0 signal=null
/** A thread calls a loop and ends; the loop stops and is not closed, and nothing keeps the process. */
import { newEventLoop } from "../../host/index.js";
import { startCaller } from "./callers.js";

const loop = newEventLoop();
startCaller(loop, { called: () => loop.stop() }, "calls once");
await loop.runForever();
