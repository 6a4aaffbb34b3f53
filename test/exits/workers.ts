/** Starting workers with a loop in them, for programs that end them or end beside them. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** How a worker ends by itself, if it does. */
export type WorkerEnding = "none" | "exit" | "exit in a callback" | "throw" | "stop" | "stop and close";

/** What a worker is to do. */
export interface Order {
  readonly state: "busy" | "idle" | "children" | "tls";
  readonly ending?: WorkerEnding;
}

/** How a worker has ended by itself. */
export interface WorkerEnd {
  readonly code: number;
  /** What it threw and did not catch. */
  readonly error: Error | null;
}

/** Workers that one program ends one after the other: what one leaves behind must not trip the next. */
const WORKERS = 4;

/** Starts a worker, and waits until its loop is as it should be. */
export async function startWorker(order: Order): Promise<Worker> {
  const worker = newWorker(order);
  await once(worker, "message");
  return worker;
}

/** Starts several workers, one after the other, and waits for the end of each. */
export async function runWorkers(order: Order): Promise<WorkerEnd[]> {
  const ends: WorkerEnd[] = [];
  for (let count = 0; count < WORKERS; count++) ends.push(await endOf(newWorker(order)));
  return ends;
}

/** Starts several workers, one after the other, and terminates each. Returns their exit codes. */
export async function terminateWorkers(order: Order): Promise<number[]> {
  const codes: number[] = [];
  for (let count = 0; count < WORKERS; count++) codes.push(await (await startWorker(order)).terminate());
  return codes;
}

function newWorker(order: Order): Worker {
  return new Worker(new URL("worker.js", import.meta.url), { workerData: order });
}

async function endOf(worker: Worker): Promise<WorkerEnd> {
  let error: Error | null = null;
  worker.once("error", (thrown) => {
    error = thrown as Error;
  });
  // Not `once` of node:events, which takes an error for a failure.
  const code = await new Promise<number>((resolve) => worker.once("exit", resolve));
  return { code, error };
}
