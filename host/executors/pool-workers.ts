/**
 * The workers of a pool.
 *
 * Owns: what workerpool has no call for, and so is done behind its back: letting workers keep the process alive, killing them, taking those
 * out of its list that died while they had nothing to do, and what they post by themselves, which it would take for answers.
 *
 * Does not own: starting workers, talking to them and ending them (workerpool).
 */
import type { Pool } from "workerpool";

/** As much of a worker, thread or process, as is needed here. */
interface Worker {
  ref(): void;
  unref(): void;
  kill(signal?: NodeJS.Signals): unknown;
  readonly channel?: { ref(): void; unref(): void } | null;
  on(event: "message", listener: (message: unknown) => void): unknown;
  off(event: "message", listener: (message: unknown) => void): unknown;
  listeners(event: "message"): ((message: unknown) => void)[];
  prependListener(event: "exit", listener: () => void): unknown;
}

/** What workerpool knows of a worker. */
interface WorkerHandler {
  /** Null once it has ended: it is neither talked to nor waited for any more. */
  worker: Worker | null;
  /** Whether it is being ended. */
  readonly cleaning: boolean;
}

/** What a pool does for itself. */
interface PoolInternals {
  /** New ones come to its end. */
  readonly workers: readonly WorkerHandler[];
  _removeWorker(handler: WorkerHandler): unknown;
}

export class PoolWorkers {
  readonly #pool: PoolInternals;
  readonly #known = new WeakSet<WorkerHandler>();

  constructor(pool: Pool) {
    this.#pool = pool as unknown as PoolInternals;
  }

  /** How many there are. */
  get count(): number {
    return this.#pool.workers.length;
  }

  /** Looks after the worker that has started, if one has. Returns whether that is so. */
  adopt(): boolean {
    const handler = this.#pool.workers.at(-1);
    if (handler === undefined || this.#known.has(handler)) return false;
    this.#known.add(handler);
    this.#noticeEnd(handler);
    ignoreJunk(handler.worker as Worker);
    return true;
  }

  /** Whether they keep the process alive. */
  keepAlive(isNeeded: boolean): void {
    for (const { worker } of this.#pool.workers) {
      for (const each of [worker, worker?.channel]) {
        if (isNeeded) each?.ref();
        else each?.unref();
      }
    }
  }

  /** Ends them at once, whatever they do. */
  kill(): void {
    for (const { worker } of this.#pool.workers) worker?.kill("SIGKILL");
  }

  /** The library hears only of a worker's end that has something to do, and for others it would wait for ever. */
  #noticeEnd(handler: WorkerHandler): void {
    handler.worker?.prependListener("exit", () => {
      handler.worker = null;
      if (!handler.cleaning) this.#pool._removeWorker(handler);
    });
  }
}

/** The library takes all that comes for its own. */
function ignoreJunk(worker: Worker): void {
  for (const listener of worker.listeners("message")) {
    worker.on("message", (message) => {
      if (isOfLibrary(message)) listener(message);
    });
    worker.off("message", listener);
  }
}

/** Whether it is what workerpool's side in the worker says: that it is there, or how a call has ended. */
function isOfLibrary(message: unknown): boolean {
  if (typeof message !== "object" || message === null) return message === "ready";
  return "id" in message && "result" in message && "error" in message;
}
