// expect: code=0 signal=null
// prints: stopped
/** A loop with connections over TLS is left as it is after its run: they keep no process alive. */
import { TlsLoop } from "./tls-loop.js";

const { loop, ready } = new TlsLoop(0);
void ready.then(() => loop.stop());
await loop.runForever();
console.log("stopped");
