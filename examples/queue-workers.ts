/**
 * A queue: twenty naps are shared out between three workers, as in the example of asyncio's documentation. On virtual time, so that nobody waits.
 *
 *   node out/examples/queue-workers.js
 */
import { type Coroutine, getRunningLoop, Queue, sleep } from "wasyncio";
import { VirtualEventLoop } from "wasyncio/testing";

function* worker(name: string, queue: Queue<number>): Coroutine<void> {
  for (;;) {
    const nap = yield* queue.get();
    yield* sleep(nap);
    queue.taskDone();
    console.log(`${name} has slept for ${nap} s`);
  }
}

function* main(): Coroutine<void> {
  const loop = getRunningLoop();
  const queue = new Queue<number>();
  let total = 0;
  for (let nap = 1; nap <= 20; nap++) {
    total += nap;
    queue.putNowait(nap);
  }
  const workers = ["worker-0", "worker-1", "worker-2"].map((name) => loop.createTask(worker(name, queue)));
  yield* queue.join();
  for (const task of workers) task.cancel();
  console.log(`3 workers slept in parallel for ${loop.time()} s`);
  console.log(`one after the other would have been ${total} s`);
}

const loop = new VirtualEventLoop();
await loop.runUntilComplete(main());
loop.close();
