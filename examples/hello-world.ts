/**
 * Hello world: `callSoon` runs a callback in the next iteration, and the callback stops the loop.
 *
 *   node out/examples/hello-world.js
 */
import { type EventLoop, getEventLoop } from "wasyncio";

function helloWorld(loop: EventLoop): void {
  console.log("Hello World");
  loop.stop();
}

const loop = getEventLoop();

// Schedule a call to helloWorld().
loop.callSoon(helloWorld, loop);

// Goes on until loop.stop().
await loop.runForever();
loop.close();
