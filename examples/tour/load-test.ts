/**
 * A little load test: many clients on an echo server, all on this one loop, and the result as two charts.
 */
import { type Coroutine, getRunningLoop } from "wasyncio";
import { bar, columnChart, roundUp } from "./chart.js";
import { echo } from "./echo.js";
import { bold, milliseconds, percentile, withThousands } from "./words.js";

const CLIENTS = 64;
const SECONDS = 3;
/** Columns of the chart over time. */
const SLICES = 60;
/** Lines of the histogram at the most; the last one holds the one per cent that took longest. */
const CLASSES_MAX = 9;
const ROUND = [1, 2, 2.5, 5, 10];
const BAR_WIDTH = 46;

export function* loadTest(): Coroutine<string[]> {
  const loop = getRunningLoop();
  const slices = new Array<number>(SLICES).fill(0);
  const latencies: number[] = [];
  const start = loop.time();
  const onEcho = (latency: number): boolean => {
    const slice = Math.floor(((loop.time() - start) / SECONDS) * SLICES);
    if (slice >= SLICES) return false;
    slices[slice]++;
    latencies.push(latency);
    return true;
  };
  yield* echo(CLIENTS, () => onEcho);

  const perSecond = slices.map((count) => (count * SLICES) / SECONDS);
  const total = withThousands(latencies.length);
  const rate = withThousands(latencies.length / SECONDS);
  return [
    `${bold("load test")}     ${CLIENTS} clients of the echo server on this loop, 1 KiB a message`,
    "",
    "messages a second",
    ...columnChart(perSecond, 8, withThousands, ["0 s", `${SECONDS} s`]),
    "",
    "round trips",
    ...histogram(latencies),
    "",
    `${total} messages, ${rate} a second; half of them back within ${milliseconds(percentile(latencies, 0.5))}`,
  ];
}

/** How many round trips took how long: classes of equal width, the last one open. */
function histogram(latencies: readonly number[]): string[] {
  const width = roundUp(percentile(latencies, 0.99) / (CLASSES_MAX - 1), ROUND);
  const counts = new Array<number>(Math.ceil(percentile(latencies, 0.99) / width) + 1).fill(0);
  for (const latency of latencies) counts[Math.min(counts.length - 1, Math.floor(latency / width))]++;
  const most = Math.max(...counts);
  return counts.map((count, index) => {
    const from = (index * width * 1000).toFixed(width < 0.001 ? 2 : 1).padStart(5);
    const share = ((count / latencies.length) * 100).toFixed(1).padStart(5);
    return `${index === counts.length - 1 ? "≥" : " "}${from} ms │${bar(count / most, BAR_WIDTH)} ${share} %`;
  });
}
