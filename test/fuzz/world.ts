/**
 * What random programs act on: one loop, and pools of everything that they have made.
 *
 * Owns: picking from the pools, judging errors, and putting everything away at the end so that what is left then was leaked.
 *
 * Does not own: the operations (`…-operations.ts`).
 */
import { closeSync } from "node:fs";
import type { Duplex } from "node:stream";
import {
  allTasks,
  type Barrier,
  type Condition,
  type DatagramTransport,
  type Event,
  type EventLoop,
  type Future,
  type Handle,
  type Lock,
  type Queue,
  type ReadTransport,
  type Semaphore,
  type Server,
  type Socket,
  setEventLoop,
  type Task,
  type TaskGroup,
  type Timeout,
  type Transport,
  type WriteTransport,
} from "../../host/index.js";
import { VirtualEventLoop } from "../../host/testing.js";

/** What operations throw on purpose. */
export class Planted extends Error {}

/** Iterations in which everything must have ended after it was cancelled and closed. */
const ITERATIONS_TO_END = 200;

/** So many of them without a slot in use, and it is over. */
const QUIET_ITERATIONS = 4;

/** Nothing is under way in a virtual network for longer than that. */
const UNDER_WAY_SECONDS_MAX = 0.01;

/** Codes that only a bug of ours can lead to. */
const OUR_FAULT = new Set(["ERR_CORE", "ERR_ASSERTION", "ERR_INTERNAL_ASSERTION"]);

/** One of a pool, chosen by a number; undefined while it is empty. */
export function pick<T>(pool: readonly T[], choice: number): T | undefined {
  return pool[choice % Math.max(1, pool.length)];
}

/** What a task may wait for: only what is older than the task, because nothing that waits for itself in a ring can end. */
export interface Older {
  readonly futures: readonly Future[];
  readonly tasks: readonly Task[];
}

/** A copy of what there is now. */
export function olderThanNow({ futures, tasks }: Older): Older {
  return { futures: [...futures], tasks: [...tasks] };
}

export class World {
  readonly handles: Handle[] = [];
  readonly futures: Future[] = [];
  /** Those of them that are nobody's to settle but the program's. */
  readonly settable: Future[] = [];
  readonly tasks: Task[] = [];
  readonly sockets: Socket[] = [];
  readonly servers: Server[] = [];
  readonly transports: Transport[] = [];
  readonly endpoints: DatagramTransport[] = [];
  readonly locks: Lock[] = [];
  readonly conditions: Condition[] = [];
  readonly events: Event[] = [];
  readonly semaphores: Semaphore[] = [];
  readonly barriers: Barrier[] = [];
  readonly queues: Queue[] = [];
  /** A group, and what its tasks may wait for. */
  readonly groups: { readonly group: TaskGroup; readonly older: Older }[] = [];
  readonly limits: Timeout[] = [];
  readonly completions: IterableIterator<Future>[] = [];
  readonly streams: Duplex[] = [];
  readonly pipes: (ReadTransport | WriteTransport)[] = [];
  readonly files: { readonly fd: number; isOpen: boolean }[] = [];
  /** What must not have happened. */
  readonly faults: string[] = [];
  readonly foreign = new VirtualEventLoop();

  constructor(readonly loop: EventLoop) {
    loop.setExceptionHandler(this.onError);
    this.foreign.setExceptionHandler(this.onError);
    // What is called without a loop that runs is to use this one, and not to make another.
    setEventLoop(loop);
  }

  /** Is told of errors in callbacks. */
  readonly onError = (_loop: EventLoop, context: { message: string; exception?: unknown }): void => {
    if (context.message.includes("bug of wasyncio")) this.faults.push(context.message);
    if ("exception" in context) this.judge(`handler: ${context.message}`, context.exception);
  };

  /** Does something that may fail as documented: at once, or later through a promise. */
  attempt<T>(what: string, action: () => T): T | undefined {
    try {
      const result = action();
      if (result instanceof Promise) result.catch((error: unknown) => this.judge(what, error));
      return result;
    } catch (error) {
      this.judge(what, error);
      return undefined;
    }
  }

  /** Notes an error that no documentation speaks of. */
  judge(what: string, error: unknown): void {
    if (error instanceof Planted) return;
    const { code } = (error ?? {}) as { code?: unknown };
    if (error instanceof Error && typeof code === "string" && !OUR_FAULT.has(code)) return;
    this.faults.push(`${what}: ${error instanceof Error ? error.stack : String(error)}`);
  }

  /** Keeps a future for later operations. Its exception is looked at, so that nobody hears of it by chance. */
  keep(future: Future | undefined): void {
    if (future === undefined) return;
    this.futures.push(future);
    future.then(null, (error: unknown) => this.judge("a future", error));
  }

  /** Runs a few iterations. */
  async iterate(count: number): Promise<void> {
    for (let iteration = 0; iteration < count && !this.loop.isClosed(); iteration++) {
      this.loop.stop();
      await this.attempt("runForever", () => this.loop.runForever());
    }
  }

  /** Cancels and closes everything, lets it end, and closes the loop. Notes what did not end. */
  async end(): Promise<void> {
    const { loop } = this;
    loop.setTaskFactory(null);
    loop.setExceptionHandler(this.onError);
    const { core } = loop._scheduler;
    // A callback that is queued has no slot, and may begin something: it is quiet when there was none for a few iterations.
    let quiet = 0;
    for (let iteration = 0; iteration < ITERATIONS_TO_END && quiet < QUIET_ITERATIONS; iteration++) {
      if (loop.isClosed()) break;
      this.#cancelAll();
      await this.iterate(1);
      if (loop instanceof VirtualEventLoop) await this.#arrive(loop);
      // Names that are being looked up, and async functions that wait for promises, take Node's time.
      await new Promise((resolve) => setImmediate(resolve));
      quiet = core.liveSlots() === 0 ? quiet + 1 : 0;
    }
    if (!loop.isClosed()) {
      if (core.liveSlots() > 0) {
        const entries = [...loop._scheduler.entries()].map(String);
        this.faults.push(`${core.liveSlots()} slots are left: ${entries.join(", ")}`);
      }
      this.#cancelAll();
      loop.close();
    }
    for (const socket of this.sockets) socket.close();
    for (const file of this.files) if (file.isOpen) closeSync(file.fd);
    this.foreign.close();
    // The thread's loop stays the closed one: what a late microtask asks of it fails, and makes no other loop.
  }

  /** Lets what is under way in a virtual network arrive. */
  async #arrive(loop: VirtualEventLoop): Promise<void> {
    if (loop.isClosed()) return;
    loop.callLater(UNDER_WAY_SECONDS_MAX, () => loop.stop());
    await this.attempt("runForever", () => loop.runForever());
  }

  #cancelAll(): void {
    const { loop } = this;
    for (const server of this.servers) server.close();
    for (const transport of [...this.transports, ...this.endpoints]) transport.abort();
    for (const transport of this.pipes) transport.close();
    for (const stream of this.streams) stream.destroy();
    for (const handle of this.handles) handle.cancel();
    for (const task of allTasks(loop)) task.cancel();
    for (const future of this.futures) if (future.getLoop() === loop) future.cancel();
    for (const socket of this.sockets) socket.close();
    // Whoever was cancelled while waiting in a condition has to have its lock to end.
    for (const lock of [...this.locks, ...this.conditions]) if (lock.locked()) lock.release();
  }
}
