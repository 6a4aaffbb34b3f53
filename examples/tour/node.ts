/**
 * Beside Node: the loop is a guest on Node's own, so promises, files and timers of Node go on.
 */
import { readFile } from "node:fs/promises";
import { type Coroutine, ensureFuture, getRunningLoop, sleep } from "wasyncio";
import { check } from "./words.js";

export function* node(): Coroutine<string> {
  const loop = getRunningLoop();
  let ticks = 0;
  const interval = setInterval(() => ticks++, 5);
  let iterations = 0;
  const busy = loop.createTask(function* () {
    for (;;) {
      iterations++;
      yield* sleep(0.001);
    }
  });
  const text = yield* ensureFuture(readFile(new URL(import.meta.url), "utf8"));
  yield* sleep(0.05);
  busy.cancel();
  clearInterval(interval);
  check(text.length > 0 && ticks > 0 && iterations > 0, "Node and the loop both go on");
  return `fs read a file and setInterval ticked ${ticks} times meanwhile`;
}
