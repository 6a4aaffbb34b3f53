// expect: code=null signal=SIGTERM
/** SIGTERM ends the process as it did before, once the loop that had a handler for it is closed. */
import { newEventLoop } from "../../host/index.js";
import { askForSignal } from "./signals.js";

const loop = newEventLoop();
loop.addSignalHandler("SIGTERM", () => loop.stop());
askForSignal("TERM");
await loop.runForever();
loop.close();
askForSignal("TERM");
setInterval(() => {}, 1000);
