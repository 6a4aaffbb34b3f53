// expect: code=0 signal=null
// prints: stopped
/** The loop has handlers for signals when it is stopped, and is never closed. */
import { newEventLoop } from "../../host/index.js";
import { askForSignal } from "./signals.js";

const loop = newEventLoop();
loop.addSignalHandler("SIGTERM", () => {});
loop.addSignalHandler("SIGHUP", () => loop.stop());
askForSignal("HUP");
await loop.runForever();
console.log("stopped");
