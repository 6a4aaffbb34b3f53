/** What tests of `share` run in a worker: calls a loop in the way it was told to, and says what it saw. */
import { type MessagePort as Port, parentPort, workerData } from "node:worker_threads";
import type { Coroutine } from "../../../host/index.js";
import { RemoteLoop } from "../../../host/worker.js";

/** What the tests share. */
export type Shared = {
  note(thread: number, count: number): void;
  add(a: number, b: number): Coroutine<number>;
  forever(): Coroutine<void>;
  stop(): void;
};

export interface Order {
  readonly port: Port;
  readonly thread: number;
  readonly what: keyof typeof programs;
  /** How many calls. */
  readonly count: number;
}

const { port, thread, what, count } = workerData as Order;
const loop = new RemoteLoop<Shared>(port);

const programs = {
  /** Calls, and ends. */
  calls: () => note(count),
  /** Calls, has the loop stop, and ends. */
  "calls and stop": () => {
    note(count);
    loop.callSoonThreadsafe("stop");
  },
  /** Calls until the loop is closed, and tells how many calls were taken. */
  "calls until closed": () => {
    let taken = 0;
    try {
      for (;;) loop.callSoonThreadsafe("note", thread, taken++);
    } catch (error) {
      parentPort?.postMessage([taken - 1, (error as { code?: string }).code, loop.isClosed()]);
    }
  },
  /** Blocks for a sum. */
  "blocks for a result": () => {
    const sum = loop.runCoroutineThreadsafe("add", thread, count).result(30);
    loop.callSoonThreadsafe("note", thread, sum);
    loop.callSoonThreadsafe("stop");
  },
  /** Blocks for what does not come, first for a moment and then until the loop is closed. */
  "blocks until closed": () => {
    const future = loop.runCoroutineThreadsafe("forever");
    const errors = [0.001, 30].map((timeout) => {
      try {
        return future.result(timeout);
      } catch (error) {
        loop.isClosed() || loop.callSoonThreadsafe("stop");
        return `${(error as Error).name} ${(error as { code?: string }).code}`;
      }
    });
    parentPort?.postMessage(errors);
  },
  /** Calls on and on. */
  "calls for ever": () => {
    for (let at = 0; ; at++) loop.callSoonThreadsafe("note", thread, at);
  },
};

function note(calls: number): void {
  for (let at = 0; at < calls; at++) loop.callSoonThreadsafe("note", thread, at);
}

programs[what]();
