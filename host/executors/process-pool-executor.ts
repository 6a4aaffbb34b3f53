/**
 * Executor on child processes.
 *
 * Owns: that none of them outlives this process, and that there are none where Node cannot start one.
 *
 * From: CPython 3.11, concurrent.futures `ProcessPoolExecutor`.
 */
import { createRequire, isBuiltin } from "node:module";
import { checkOptions } from "../arguments.js";
import { UnsupportedError } from "../errors.js";
import { ExitSet } from "../sys/exit-set.js";
import { flagsForProcesses } from "./inherited-flags.js";
import { PoolExecutor, type PoolExecutorOptions } from "./pool-executor.js";

/** Those that have processes. A child that is busy would not notice that its parent has gone. */
const executors = new ExitSet<ProcessPoolExecutor>((executor) => executor._kill());

/** Runs functions in child processes: slower to reach than threads, but one that crashes takes nothing else with it. */
export class ProcessPoolExecutor extends PoolExecutor {
  /** @throws TypeError `ERR_UNKNOWN_OPTION`, `ERR_NOT_A_NUMBER`; ValueError `ERR_BAD_WORKER_COUNT`; UnsupportedError `ERR_SINGLE_EXECUTABLE` */
  constructor(options: PoolExecutorOptions = {}) {
    checkOptions("ProcessPoolExecutor", options, ["maxWorkers", "initializer"]);
    refuseSingleExecutable();
    super(options, { workerType: "process", forkOpts: { serialization: "advanced", execArgv: flagsForProcesses() } });
    executors.add(this);
  }

  /** @internal */
  protected override _ended(): void {
    executors.delete(this);
  }
}

/** Such a program runs itself whatever it is told to run: each worker would be the program once more, and start workers. */
function refuseSingleExecutable(): void {
  if (!isBuiltin("node:sea")) return;
  const sea = createRequire(import.meta.url)("node:sea") as typeof import("node:sea");
  if (!sea.isSea()) return;
  throw new UnsupportedError(
    "ERR_SINGLE_EXECUTABLE",
    "a single executable application cannot run the program of the workers in a process, only itself: use a ThreadPoolExecutor",
  );
}
