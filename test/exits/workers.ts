/** Starting workers with a loop in them, for programs that end them or are ended beside them. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** What a worker does once its loop is busy: all but the second leave it so. */
export type Ending =
  | "goes on"
  | "idles"
  | "exits"
  | "exits in a callback"
  | "throws"
  | "stops and closes"
  | "stops alone";

/** Workers that one program ends, one after the other: what one leaves behind must not trip the next. */
export const WORKERS = 4;

/** Starts a worker, and waits until it has a loop that is ready for its end. */
export async function startWorker(ending: Ending): Promise<Worker> {
  const worker = new Worker(new URL("worker.js", import.meta.url), { workerData: ending });
  await once(worker, "message");
  return worker;
}

/** How a worker that ends by itself has ended. */
export interface WorkerEnd {
  readonly code: number;
  /** What it threw and did not catch. */
  readonly error: Error | null;
}

/** Starts a worker and waits for its end. */
export async function runWorker(ending: Ending): Promise<WorkerEnd> {
  const worker = await startWorker(ending);
  let error: Error | null = null;
  worker.once("error", (thrown) => {
    error = thrown as Error;
  });
  const [code] = (await once(worker, "exit")) as [number];
  return { code, error };
}
