/**
 * Executor on worker threads.
 *
 * From: CPython 3.11, concurrent.futures `ThreadPoolExecutor`. Differs: threads share nothing, so arguments and results are cloned.
 */
import { checkOptions } from "../arguments.js";
import { PoolExecutor, type PoolExecutorOptions } from "./pool-executor.js";

/** Flags of a program that was given as text on the command line. */
const OF_TEXT = /^(--input-type.*|-e|-p|-pe|--eval|--print)$/;
/** Those of them behind which the text stands. */
const TAKES_TEXT = /^(-e|-p|-pe|--eval|--print)$/;

/** Runs functions in worker threads. */
export class ThreadPoolExecutor extends PoolExecutor {
  /** @throws TypeError `ERR_UNKNOWN_OPTION`, `ERR_NOT_A_NUMBER`; ValueError `ERR_BAD_WORKER_COUNT` */
  constructor(options: PoolExecutorOptions = {}) {
    checkOptions("ThreadPoolExecutor", options, ["maxWorkers", "initializer"]);
    super(options, { workerType: "thread", ...inheritedFlags() });
  }
}

/** A program that came on the command line has flags that say so, and with which Node starts no worker from a file. */
function inheritedFlags(): { workerThreadOpts?: { execArgv: string[] } } {
  const flags = process.execArgv;
  if (!flags.some((flag) => flag.startsWith("--input-type"))) return {};
  const execArgv = flags.filter((flag, index) => !OF_TEXT.test(flag) && !TAKES_TEXT.test(flags[index - 1] ?? ""));
  return { workerThreadOpts: { execArgv } };
}
