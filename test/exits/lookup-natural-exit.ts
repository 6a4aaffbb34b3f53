// expect: code=0 signal=null
// prints: closed while lookups are under way
/** A lookup keeps the process alive until it ends, and no longer, although its loop is closed and nobody waits for it. */
import { newEventLoop } from "../../host/index.js";

const loop = newEventLoop();
for (let index = 0; index < 8; index++) loop.getaddrinfo("localhost", 80);
loop.getnameinfo({ host: "127.0.0.1", port: 80 });
loop.close();
console.log("closed while lookups are under way");
