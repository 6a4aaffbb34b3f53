/** What `threads.test.ts` runs in a worker: a loop whose coroutine awaits a coroutine of the main thread's. */
import { type MessagePort as Port, parentPort, workerData } from "node:worker_threads";
import { ensureFuture, run } from "../../../host/index.js";
import { RemoteLoop } from "../../../host/worker.js";

const main = new RemoteLoop<{ twice(value: number): Generator<undefined, number>; stop(): void }>(workerData as Port);

parentPort?.postMessage(
  await run(function* () {
    const answer = yield* ensureFuture(main.runCoroutineThreadsafe("twice", 21));
    main.callSoonThreadsafe("stop");
    return answer;
  }),
);
main.close();
