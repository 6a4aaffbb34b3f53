// expect: code=0 signal=null
// prints: the program has returned
/** `run` leaves nothing behind that keeps the process alive, whatever its program has left. */
import { getRunningLoop, run, sleep, socketpair } from "../../host/index.js";

const words = await run(async () => {
  const loop = getRunningLoop();
  const again = (): void => void loop.callSoon(again);
  again();
  loop.addWriter(socketpair()[0], () => {});
  loop.createTask(async () => {
    for (;;) await sleep(0.001);
  });
  await sleep(0.005);
  return "the program has returned";
});
console.log(words);
