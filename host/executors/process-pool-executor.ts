/**
 * Executor on child processes.
 *
 * Owns: that none of them outlives this process.
 *
 * From: CPython 3.11, concurrent.futures `ProcessPoolExecutor`.
 */
import { checkOptions } from "../arguments.js";
import { ExitSet } from "../sys/exit-set.js";
import { PoolExecutor, type PoolExecutorOptions } from "./pool-executor.js";

/** Those that have processes. A child that is busy would not notice that its parent has gone. */
const executors = new ExitSet<ProcessPoolExecutor>((executor) => executor._kill());

/** Runs functions in child processes: slower to reach than threads, but one that crashes takes nothing else with it. */
export class ProcessPoolExecutor extends PoolExecutor {
  /** @throws TypeError `ERR_UNKNOWN_OPTION`, `ERR_NOT_A_NUMBER`; ValueError `ERR_BAD_WORKER_COUNT` */
  constructor(options: PoolExecutorOptions = {}) {
    checkOptions("ProcessPoolExecutor", options, ["maxWorkers", "initializer"]);
    super(options, { workerType: "process", forkOpts: { serialization: "advanced" } });
    executors.add(this);
  }

  /** @internal */
  protected override _ended(): void {
    executors.delete(this);
  }
}
