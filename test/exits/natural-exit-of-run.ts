// expect: code=0 signal=null
// prints: value
/** `run` leaves nothing behind, though its program does. */
import { getRunningLoop, run, sleep } from "../../host/index.js";
import { makeBusy } from "./busy.js";

console.log(
  await run(async () => {
    makeBusy(getRunningLoop());
    await sleep(0.05);
    return "value";
  }),
);
