/** A part of the programs of this folder: starting workers and waiting for them. */
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Order } from "./worker.js";

/** Starts a worker, and waits until its loop has run for a while. */
export async function startWorker(order: Order): Promise<Worker> {
  const worker = new Worker(fileURLToPath(new URL("./worker.js", import.meta.url)), { workerData: order });
  await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  return worker;
}

/** How a worker ends: its exit code, and its error if it has one. */
export function endOf(worker: Worker): Promise<string> {
  let error = "";
  worker.removeAllListeners("error");
  worker.on("error", ({ message }) => (error = `, ${message}`));
  return new Promise((resolve) => worker.on("exit", (code) => resolve(`worker exit code ${code}${error}`)));
}
