// expect: code=3 signal=null
// prints: exiting
/** `process.exit()` while connections over TLS have much to send. */
import { TlsLoop } from "./tls-loop.js";

const { loop, ready } = new TlsLoop();
void ready.then(() => {
  console.log("exiting");
  loop.callSoon(() => process.exit(3));
});
await loop.runForever();
