/**
 * Handlers for SIGINT and SIGTERM, as in asyncio's documentation: either of them stops the loop.
 *
 *   node out/examples/signals.js
 */
import { newEventLoop, partial } from "wasyncio";

const loop = newEventLoop();

function askExit(signame: string): void {
  console.log(`got signal ${signame}: exit`);
  loop.stop();
}

for (const signame of ["SIGINT", "SIGTERM"] as const) loop.addSignalHandler(signame, partial(askExit, signame));

console.log("Event loop running forever, press Ctrl+C to interrupt.");
console.log(`pid ${process.pid}: send SIGINT or SIGTERM to exit.`);
try {
  await loop.runForever();
} finally {
  loop.close();
}
