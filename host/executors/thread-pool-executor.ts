/**
 * Executor on worker threads.
 *
 * From: CPython 3.11, concurrent.futures `ThreadPoolExecutor`. Differs: threads share nothing, so arguments and results are cloned.
 */
import { checkOptions } from "../arguments.js";
import { flagsForThreads } from "./inherited-flags.js";
import { PoolExecutor, type PoolExecutorOptions } from "./pool-executor.js";

/** Runs functions in worker threads. */
export class ThreadPoolExecutor extends PoolExecutor {
  /** @throws TypeError `ERR_UNKNOWN_OPTION`, `ERR_NOT_A_NUMBER`; ValueError `ERR_BAD_WORKER_COUNT` */
  constructor(options: PoolExecutorOptions = {}) {
    checkOptions("ThreadPoolExecutor", options, ["maxWorkers", "initializer"]);
    const execArgv = flagsForThreads();
    super(options, { workerType: "thread", ...(execArgv && { workerThreadOpts: { execArgv } }) });
  }
}
