// expect: code=3 signal=null
// prints: closed at exit
/** A loop is closed while the process exits. */
import { BusyLoop } from "./busy-loop.js";

const { loop, ready } = new BusyLoop();
process.on("exit", () => {
  loop.close();
  console.log("closed at exit");
});
void ready.then(() => loop.stop());
await loop.runForever();
process.exit(3);
