/** Threads: a worker calls the loop, and asks it for an answer. */
import { Worker } from "node:worker_threads";
import { type Coroutine, getRunningLoop } from "wasyncio";
import { check, milliseconds, withThousands } from "./words.js";

const CALLS = 10_000;

/** What the worker may call. */
export interface Shared {
  [name: string]: (...args: never[]) => unknown;
  next(count: number): void;
  double(value: number): Coroutine<number>;
  done(answer: number): void;
}

export function* threads(): Coroutine<string> {
  const loop = getRunningLoop();
  const done = loop.createFuture<number>();
  let next = 0;
  const shared: Shared = {
    next(count) {
      check(count === next++, "the calls come in order");
    },
    *double(value) {
      yield;
      return 2 * value;
    },
    done: (answer) => done.setResult(answer),
  };
  const port = loop.share(shared);
  const start = loop.time();
  new Worker(new URL("./calling-thread.js", import.meta.url), {
    workerData: { port, calls: CALLS },
    transferList: [port],
  });
  const answer = yield* done;
  check(next === CALLS, "no call is lost");
  const seconds = milliseconds(loop.time() - start);
  return `${withThousands(CALLS)} calls of a worker, in order: ${seconds}; it was answered ${answer}`;
}
