/** What `threads.test.ts` runs in a worker: a loop that is shared, and whose thread ends without closing it. */
import { parentPort } from "node:worker_threads";
import { type Coroutine, newEventLoop, sleep } from "../../../host/index.js";

/** How the thread ends while somebody waits for the answer. */
const ends = {
  "process.exit": () => process.exit(),
  "an uncaught throw": () =>
    process.nextTick(() => {
      throw new Error("uncaught");
    }),
  "the end of its program": () => loop.stop(),
  terminate: () => {},
};

export type End = keyof typeof ends;
/** What it shares. */
export type Shared = { end(how: End): Coroutine<void>; hello(): void };

const loop = newEventLoop();
const shared: Shared = {
  *end(how) {
    ends[how]();
    yield* sleep(3600);
  },
  hello() {},
};
const port = loop.share(shared);
parentPort?.postMessage(port, [port]);
await loop.runForever();
