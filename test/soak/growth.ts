/** What counts as growth between two measurements of a soak. */
import type { Left } from "./soak.js";

/** Compiled code and what the compiler has learnt: they do not grow with what was made. */
const HEAP_TOLERANCE_BYTES = 4e6;
/**
 * V8 lets its young generation grow to three times 16 MB, however little of it is alive. And in Node 22 and 24 it keeps what a
 * FinalizationRegistry has taken: ten million objects that a bare one was told of leave 900 MB, of which its heap knows nothing.
 */
const RSS_TOLERANCE_BYTES = [22, 24].includes(Number.parseInt(process.versions.node, 10)) ? 900e6 : 32e6;
/** Cancelled timers that the heap may hold before it sweeps them out. */
const CANCELLED_TIMERS_MAX = 100;

/** Says in a line each what there is more of than before, beyond what is not ours to decide. */
export function whatGrew(before: Left, after: Left): string[] {
  const lines: string[] = [];
  const check = (name: string, was: number, is: number, tolerance: number): void => {
    if (is > was + tolerance) lines.push(`${name}: ${was} after ${before.made} things, ${is} after ${after.made}`);
  };
  check("live slots", 0, after.liveSlots - after.cancelledTimers, 0);
  check("cancelled timers", 0, after.cancelledTimers, CANCELLED_TIMERS_MAX);
  check("bytes of Wasm memory", before.wasmBytes, after.wasmBytes, 0);
  check("bytes of heap", before.heapBytes, after.heapBytes, HEAP_TOLERANCE_BYTES);
  check("bytes of RSS", before.rssBytes, after.rssBytes, RSS_TOLERANCE_BYTES);
  return lines;
}
