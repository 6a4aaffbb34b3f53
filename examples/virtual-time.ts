/**
 * Virtual time: a `VirtualEventLoop` jumps to the next deadline when nothing is ready, so a day takes a moment, and every run is the same.
 *
 *   node out/examples/virtual-time.js
 */
import { type Coroutine, getRunningLoop, sleep } from "wasyncio";
import { VirtualEventLoop } from "wasyncio/testing";

/** Asks again and again, each time waiting twice as long as before. */
function* askUntilAnswered(answered: () => boolean): Coroutine<number> {
  let pause = 1;
  for (let asked = 1; ; asked++) {
    console.log(`asked at ${getRunningLoop().time()} s`);
    if (answered()) return asked;
    yield* sleep(pause);
    pause *= 2;
  }
}

const loop = new VirtualEventLoop();
let wake = false;
loop.callAt(3600, () => {
  wake = true;
});

const started = performance.now();
const times = await loop.runUntilComplete(askUntilAnswered(() => wake));
const seconds = (performance.now() - started) / 1000;

console.log(`answered after ${times} times and ${loop.time()} s`);
console.log(`an hour took less than a second: ${seconds < 1}`);
loop.close();
