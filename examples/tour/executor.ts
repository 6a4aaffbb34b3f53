/**
 * Executors: a function at work in a thread, while the loop goes on.
 */
import { type Coroutine, getRunningLoop } from "wasyncio";
import { check, milliseconds, withThousands } from "./words.js";

const SUMMANDS = 20_000_000;

export function* executor(): Coroutine<string> {
  const loop = getRunningLoop();
  let turns = 0;
  const start = loop.time();
  const sum = loop.runInExecutor(
    null,
    (count: number) => {
      let total = 0;
      for (let summand = 1; summand <= count; summand++) total += summand;
      return total;
    },
    SUMMANDS,
  );
  while (!sum.done()) {
    turns++;
    yield;
  }
  check(sum.result() === (SUMMANDS * (SUMMANDS + 1)) / 2, "the thread adds up");
  return `${withThousands(SUMMANDS)} summed in a thread: ${milliseconds(loop.time() - start)}; ${withThousands(turns)} turns meanwhile`;
}
