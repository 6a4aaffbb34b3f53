// expect: code=1 signal=null
// prints: at rejectUnhandled
/** A promise is rejected while the loop is busy, and nobody handles it. */
import { BusyLoop } from "./busy-loop.js";

const busy = new BusyLoop();
void busy.ready.then(() => busy.loop.callSoon(() => void rejectUnhandled()));
await busy.loop.runForever();

async function rejectUnhandled(): Promise<never> {
  throw new Error("nobody handles this");
}
