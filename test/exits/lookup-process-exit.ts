// expect: code=5 signal=null
// prints: leaving
/** `process.exit` while lookups are under way and others wait for their turn. */
import { newEventLoop } from "../../host/index.js";

const loop = newEventLoop();
const lookups = Array.from({ length: 8 }, () => loop.getaddrinfo("localhost", 80));
loop.callSoon(() => {
  console.log("leaving", lookups.length);
  process.exit(5);
});
await loop.runForever();
