// expect: code=0 signal=null
// prints: closed
/** The loop has handlers for signals, of which one has come, when it is stopped and closed. */
import { newEventLoop } from "../../host/index.js";
import { askForSignal } from "./signals.js";

const loop = newEventLoop();
loop.addSignalHandler("SIGINT", () => {});
loop.addSignalHandler("SIGTERM", () => {});
loop.addSignalHandler("SIGHUP", () => loop.stop());
askForSignal("HUP");
await loop.runForever();
loop.close();
console.log("closed");
