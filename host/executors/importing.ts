/**
 * Modules that a worker imports for `workerFunction`.
 *
 * Owns: refusing work of such a module for as long as it is being imported. Most often it is the main program, which would run once more in
 * each worker, and in each worker of that.
 *
 * From: CPython 3.11 multiprocessing.spawn `_check_not_importing_main`.
 */
import { RuntimeError } from "../errors.js";

let importing = 0;

/** Imports a module for one of its functions. */
export async function importForWorker(url: string): Promise<Record<string, unknown>> {
  importing++;
  try {
    return await import(url);
  } finally {
    importing--;
  }
}

/** @throws RuntimeError `ERR_MAIN_IN_WORKER` */
export function checkNotImporting(): void {
  if (importing === 0) return;
  throw new RuntimeError(
    "ERR_MAIN_IN_WORKER",
    "a worker imports this module for a workerFunction(), which runs the whole of it once more: keep functions for workers in a module of their own",
  );
}
