/**
 * Executors on a pool of workers.
 *
 * Owns: the queue of work that has not begun, which is what can be cancelled; when workers keep the process alive,
 * which is while they work, and while somebody waits for their end; ending.
 *
 * Does not own: the workers (`pool-workers.ts`), and talking to them (workerpool); what they run (`pool-worker.ts`).
 *
 * From: CPython 3.11, concurrent.futures.thread and process. Differs: arguments are cloned at the call, a dead worker
 * is replaced, and only the work that it had fails.
 */

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { deserialize } from "node:v8";
import type workerpool from "workerpool";
import type { Pool } from "workerpool";
import { checkOptions } from "../arguments.js";
import { describe, RuntimeError, typeError, ValueError } from "../errors.js";
import { keepFromBlocking } from "../net/pipe-end.js";
import { ownFolder } from "../own-folder.js";
import type { Executor, ShutdownOptions } from "./executor.js";
import { checkNotImporting } from "./importing.js";
import { errorOf, type Outcome } from "./outcome.js";
import { PoolWorkers } from "./pool-workers.js";
import { type Executable, type ShippedFunction, ship } from "./shipped-function.js";
import { forProcess, forThread, type SentArguments } from "./transfer.js";
import { Work } from "./work.js";

/** What both kinds of pool take. */
export interface PoolExecutorOptions {
  /** How many workers there are at the most; as many as the machine has processors when left out. They start as work comes. */
  maxWorkers?: number;
  /** Is called in each worker before its first work. All work of a worker in which it throws fails with its error. */
  initializer?: Executable<[], unknown>;
}

/** What tells the two kinds apart, in workerpool's words. */
interface PoolKind {
  readonly workerType: "thread" | "process";
  /** Processes take what threads take only under "advanced". */
  readonly forkOpts?: { readonly serialization: "advanced"; readonly execArgv: string[] };
  readonly workerThreadOpts?: { readonly execArgv: string[] };
}

/** How long a worker that has nothing to do may take to end before it is killed, in milliseconds. */
const TERMINATE_MS = 500;

/** What workerpool says of work that it gave to a worker that had died before. */
const NEVER_BEGAN = "Worker is terminated";

let library: typeof workerpool | undefined;

/** workerpool. Loading it takes a tenth of what importing all of this package does, and few programs have an executor. */
function loadWorkerpool(): typeof workerpool {
  library ??= createRequire(import.meta.url)("workerpool") as typeof workerpool;
  return library;
}

/**
 * The program that workers run: beside all of our code, also where a bundler has put that.
 *
 * @throws RuntimeError `ERR_NO_POOL_WORKER`
 */
function findPoolScript(): string {
  const folder = fileURLToPath(ownFolder);
  for (const name of ["pool-worker.cjs", "pool-worker.js", "pool-worker.mjs"]) {
    if (existsSync(folder + name)) return folder + name;
  }
  throw new RuntimeError(
    "ERR_NO_POOL_WORKER",
    `the program of the workers is not in ${folder}: bundle wasyncio/pool-worker as an entry of its own and put it there as pool-worker.js, or keep wasyncio out of the bundle`,
  );
}

/** What both kinds of pool are. */
export abstract class PoolExecutor implements Executor {
  readonly #pool: Pool;
  readonly #workers: PoolWorkers;
  readonly #maxWorkers: number;
  readonly #initializer: ShippedFunction | null;
  readonly #prepare: (args: readonly unknown[]) => SentArguments;
  /** A set, because it keeps the order and gives up any. */
  readonly #queue = new Set<Work<unknown>>();
  #running = 0;
  #isShutdown = false;
  /** Whether somebody waits for the end. */
  #isAwaited = false;
  #ended: Promise<void> | null = null;
  #whenIdle: (() => void) | null = null;

  /** @internal */
  protected constructor(options: PoolExecutorOptions, kind: PoolKind) {
    const { maxWorkers = availableParallelism(), initializer } = options;
    if (typeof maxWorkers !== "number")
      throw typeError("ERR_NOT_A_NUMBER", `the option maxWorkers must be a number, not ${describe(maxWorkers)}`);
    if (!Number.isInteger(maxWorkers) || maxWorkers < 1) {
      throw new ValueError(
        "ERR_BAD_WORKER_COUNT",
        `the option maxWorkers must be a whole number from 1, not ${maxWorkers}`,
      );
    }
    this.#maxWorkers = maxWorkers;
    this.#initializer = initializer === undefined ? null : ship(initializer);
    this.#prepare = kind.workerType === "process" ? forProcess : forThread;
    this.#pool = loadWorkerpool().pool(findPoolScript(), { ...kind, maxWorkers, workerTerminateTimeout: TERMINATE_MS });
    this.#workers = new PoolWorkers(this.#pool);
  }

  /**
   * Has `func` called in a worker with clones of `args`.
   *
   * @throws TypeError `ERR_NOT_CALLABLE`, `ERR_FUNCTION_NOT_SENDABLE`, and `ERR_NOT_CLONEABLE` for arguments that
   *   cannot be sent; RuntimeError `ERR_EXECUTOR_SHUTDOWN`, `ERR_MAIN_IN_WORKER`
   */
  submit<A extends unknown[], R>(func: Executable<A, R>, ...args: A): Work<Awaited<R>> {
    if (this.#isShutdown) {
      throw new RuntimeError("ERR_EXECUTOR_SHUTDOWN", "cannot schedule new work after shutdown: make another executor");
    }
    checkNotImporting();
    const takeBack = (work: Work<Awaited<R>>): boolean => this.#queue.delete(work as Work<unknown>);
    const work = new Work<Awaited<R>>(ship(func), args, this.#prepare, takeBack);
    this.#queue.add(work as Work<unknown>);
    this.#startNext();
    return work;
  }

  /**
   * Takes no more work, and ends its workers when what it has is done.
   *
   * @returns a promise of the end; with `wait: false`, one that is there at once
   * @throws TypeError `ERR_UNKNOWN_OPTION`, `ERR_INVALID_ARG_TYPE`
   */
  shutdown(options: ShutdownOptions = {}): Promise<void> {
    const { wait, cancelFutures } = checkShutdown(options);
    this.#isShutdown = true;
    if (cancelFutures) for (const work of [...this.#queue]) work.cancel();
    this.#ended ??= this.#end();
    if (!wait) return Promise.resolve();
    this.#isAwaited = true;
    this.#workers.keepAlive(true);
    return this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  /** @internal Ends the workers at once, whatever they do. */
  _kill(): void {
    this.#workers.kill();
  }

  /** @internal How many workers there are, which have started and not ended. */
  get _workerCount(): number {
    return this.#workers.count;
  }

  /** @internal Called when the last worker has ended. */
  protected _ended(): void {}

  async #end(): Promise<void> {
    if (this.#running + this.#queue.size > 0) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    }
    // Their ends keep the process alive only for those who wait for them.
    if (this.#isAwaited) this.#workers.keepAlive(true);
    await new Promise<void>((resolve) => {
      this.#pool.terminate(false).always(resolve as never);
    });
    this._ended();
  }

  #startNext(): void {
    for (const work of this.#queue) {
      if (this.#running >= this.#maxWorkers) return;
      this.#queue.delete(work);
      work._begin();
      this.#running++;
      if (this.#running === 1) this.#workers.keepAlive(true);
      this.#execute(work);
    }
  }

  #execute(work: Work<unknown>): void {
    try {
      this.#send(work).then(
        (outcome: Outcome) => this.#finish(work, outcome),
        (error: Error) => {
          // Its worker died while it was idle: there is another one now.
          if (error.message === NEVER_BEGAN) this.#execute(work);
          else this.#finish(work, workerError(error));
        },
      );
    } catch (error) {
      // No worker could be started, or reached.
      this.#finish(work, error as Error);
    }
  }

  #send({ shipped, args, transfer }: Work<unknown>): ReturnType<Pool["exec"]> {
    const submitted = this.#pool.exec("run", [shipped, args, this.#initializer], { transfer });
    if (this.#workers.adopt()) {
      this.#workers.keepAlive(true);
      // A process has our stdin, stdout and stderr, and Node has them block for it.
      keepFromBlocking();
    }
    return submitted;
  }

  #finish(work: Work<unknown>, outcome: Outcome | Error): void {
    this.#running--;
    this.#startNext();
    if (this.#running === 0) {
      this.#workers.keepAlive(false);
      this.#whenIdle?.();
    }
    if (outcome instanceof Error) work._fail(outcome);
    else if ("error" in outcome) work._fail(errorOf(outcome.error));
    else if ("packed" in outcome) unpackInto(work, outcome.packed);
    else work._succeed(outcome.value);
  }
}

/** Settles work with what a process has packed. */
function unpackInto(work: Work<unknown>, packed: Uint8Array): void {
  let value: unknown;
  try {
    value = deserialize(packed);
  } catch (error) {
    work._fail(workerError(error as Error));
    return;
  }
  work._succeed(value);
}

/** What became of work whose worker died, or whose result could not be sent. */
function workerError(failure: Error): Error {
  if (failure.name !== "TerminateError" && !(failure instanceof loadWorkerpool().TerminateError)) {
    // Of a DOMException nothing but the stack arrives.
    const [what = ""] = String(failure.stack).split("\n");
    return typeError(
      "ERR_RESULT_NOT_CLONEABLE",
      `what the function returned cannot be sent back (${failure.message || what}): return plain data`,
    );
  }
  return new RuntimeError(
    "ERR_WORKER_DIED",
    `the worker ended before its work did: ${failure.message.replaceAll(/\s*\n\s*/g, ", ")}`,
  );
}

function checkShutdown(options: ShutdownOptions): { wait: boolean; cancelFutures: boolean } {
  checkOptions("shutdown", options, ["wait", "cancelFutures"]);
  const { wait = true, cancelFutures = false } = options;
  for (const [key, value] of Object.entries({ wait, cancelFutures })) {
    if (typeof value !== "boolean")
      throw typeError("ERR_INVALID_ARG_TYPE", `the option ${key} must be true or false, not ${describe(value)}`);
  }
  return { wait, cancelFutures };
}
