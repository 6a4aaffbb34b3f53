// expect: code=0 signal=null
/** Threads are terminated while they call a loop, awake and asleep in the kernel, and while they block for its answer. */
import { newEventLoop } from "../../host/index.js";
import { startCaller } from "./callers.js";

for (const run of ["runForever", "runForeverSync"] as const) {
  for (const what of ["calls", "blocks"] as const) {
    const loop = newEventLoop();
    const shared = {
      called: () => loop.stop(),
      *never() {
        loop.stop();
        for (;;) yield loop.createFuture<void>();
      },
    };
    const worker = startCaller(loop, shared, what);
    loop.setExceptionHandler(() => {});
    await loop[run]();
    await worker.terminate();
    loop.close();
  }
}
