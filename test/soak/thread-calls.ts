/**
 * Calls from many threads into one loop, whatever the loop is doing: whether each thread's come in order, and none is lost.
 *
 * Owns: both the long form and what the short one of `thread-calls.test.ts` is made of.
 *
 *   node out/test/soak/thread-calls.js [THREADS [CALLS]]
 */
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { EventLoop } from "../../host/index.js";

/**
 * What the loop does meanwhile: it sleeps, as every thread pauses now and then; it is busy with callbacks of its own; it blocks its thread; it is
 * closed while the threads go on.
 */
export const STATES = ["asleep", "busy", "blocking", "closing"] as const;
export type State = (typeof STATES)[number];

/** What came of it. */
export interface ThreadCalls {
  /** Calls that have run. */
  readonly run: number;
  /** Calls that came out of their thread's order, or twice. */
  readonly disorder: number;
  /** Calls that were made before the loop was closed, of threads that had their answer, and never ran. */
  readonly lost: number;
  /** How each thread has ended: what its first failing call said, or "" when none failed. */
  readonly ends: readonly string[];
  readonly seconds: number;
}

export interface Order {
  readonly port: unknown;
  readonly thread: number;
  readonly calls: number;
  readonly pauses: boolean;
}

/** Has `threads` threads make `calls` calls each. */
export async function callFromThreads(state: State, threads: number, calls: number): Promise<ThreadCalls> {
  const loop = new EventLoop();
  const next: number[] = Array(threads).fill(0);
  let disorder = 0;
  let ended = 0;
  const shared = {
    note(thread: number, count: number): void {
      if (count !== next[thread]) disorder++;
      next[thread] = count + 1;
      if (state === "closing" && count === Math.floor(calls / 100)) loop.stop();
    },
    end(): void {
      if (++ended === threads) loop.stop();
    },
  };
  const start = performance.now();
  const ends = next.map((_, thread) => {
    const port = loop.share(shared);
    const order: Order = { port, thread, calls, pauses: state === "asleep" };
    const worker = new Worker(fileURLToPath(new URL("./thread-that-calls.js", import.meta.url)), {
      workerData: order,
      transferList: [port],
    });
    return Promise.all([once(worker, "message"), once(worker, "exit")]).then(([[message]]) => String(message));
  });
  if (state === "busy") stayBusy(loop);
  if (state === "blocking") loop.runForeverSync();
  else await loop.runForever();
  const lost = state === "closing" ? 0 : next.reduce((sum, count) => sum + calls - count, 0);
  loop.close();
  const seconds = (performance.now() - start) / 1000;
  return { run: next.reduce((sum, count) => sum + count, 0), disorder, lost, ends: await Promise.all(ends), seconds };
}

function stayBusy(loop: EventLoop): void {
  loop.callSoon(stayBusy, loop);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [threads = 8, calls = 100_000] = process.argv.slice(2).map(Number);
  for (const state of STATES) {
    const { run, disorder, lost, ends, seconds } = await callFromThreads(state, threads, calls);
    const refused = ends.filter((end) => end !== "").length;
    console.log(
      `${state.padEnd(9)} ${threads} threads × ${calls}: ${run} run, ${disorder} out of order, ${lost} lost, ${refused} threads refused, ${seconds.toFixed(1)} s`,
    );
    const refusedAsExpected =
      state === "closing" ? ends.every((end) => end === "" || end === "ERR_LOOP_CLOSED") : refused === 0;
    if (disorder + lost > 0 || !refusedAsExpected) process.exitCode = 1;
  }
}
