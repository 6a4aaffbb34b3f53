/** Signals: the process sends itself one, which wakes the loop. */
import { type Coroutine, getRunningLoop } from "wasyncio";
import { check, milliseconds } from "./words.js";

export function* signals(): Coroutine<string> {
  const loop = getRunningLoop();
  const arrived = loop.createFuture<number>();
  loop.addSignalHandler("SIGUSR2", () => arrived.setResult(loop.time()));
  const sent = loop.time();
  process.kill(process.pid, "SIGUSR2");
  const elapsed = (yield* arrived) - sent;
  check(loop.removeSignalHandler("SIGUSR2"), "the handler was there");
  return `SIGUSR2 was handled ${milliseconds(elapsed)} after it was sent`;
}
