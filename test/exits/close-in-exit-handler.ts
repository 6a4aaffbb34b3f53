// expect: code=3 signal=null
// prints: closed at exit
/** A loop that is closed while the process exits. */
import { newEventLoop } from "../../host/index.js";
import { makeBusy } from "./busy.js";

const loop = newEventLoop();
makeBusy(loop);
loop.callLater(0.05, () => loop.stop());
process.on("exit", () => {
  loop.close();
  console.log("closed at exit");
});
await loop.runForever();
process.exit(3);
