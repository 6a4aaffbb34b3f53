/**
 * Threads: a worker calls the loop of the main thread, and asks it for things that only that thread has.
 *
 *   node out/examples/threads.js
 */
import { type MessagePort as Port, Worker, workerData } from "node:worker_threads";
import { type Coroutine, getRunningLoop, run, sleep } from "wasyncio";
import { RemoteLoop } from "wasyncio/worker";

/** What the worker may call. The functions stay in the main thread and see all that is there. */
const shared = {
  say(text: string): void {
    console.log(text);
  },
  *price(fruit: string): Coroutine<number> {
    const prices: Record<string, number> = { apples: 3, pears: 4 };
    const price = prices[fruit];
    if (price === undefined) throw new RangeError(`no ${fruit} today`);
    return yield* sleep(0.01, price);
  },
};

/** In the worker, which blocks as threads may. */
function work(port: Port): void {
  const loop = new RemoteLoop<typeof shared>(port);
  loop.callSoonThreadsafe("say", "0 % done");
  const total = 5 * loop.runCoroutineThreadsafe("price", "apples").result();
  loop.callSoonThreadsafe("say", `50 % done: five apples are ${total}`);
  try {
    loop.runCoroutineThreadsafe("price", "plums").result();
  } catch (error) {
    loop.callSoonThreadsafe("say", String(error));
  }
  loop.callSoonThreadsafe("say", "100 % done");
}

function* main(): Coroutine<void> {
  const loop = getRunningLoop();
  const port = loop.share(shared);
  const ended = loop.createFuture<void>();
  const worker = new Worker(new URL(import.meta.url), { workerData: port, transferList: [port] });
  worker.on("exit", () => ended.setResult());
  yield* ended;
}

if (workerData) work(workerData);
else await run(main);
