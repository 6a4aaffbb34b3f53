/**
 * Display the date: `callLater` runs a callback every second, which sets its own next call, for five seconds.
 *
 *   node out/examples/display-date.js [SECONDS]
 */
import { type EventLoop, getEventLoop } from "wasyncio";

function displayDate(endTime: number, loop: EventLoop): void {
  console.log(new Date().toISOString());
  if (loop.time() + 1.0 < endTime) loop.callLater(1, displayDate, endTime, loop);
  else loop.stop();
}

const loop = getEventLoop();

// Schedule the first call to displayDate().
const endTime = loop.time() + Number(process.argv[2] ?? 5);
loop.callSoon(displayDate, endTime, loop);

// Goes on until loop.stop().
await loop.runForever();
loop.close();
