/**
 * Timers: set in any order, fired in the order of their deadlines, never early; a cancelled one not at all.
 */
import { type Coroutine, getRunningLoop, sleep } from "wasyncio";
import { check, milliseconds, percentile, withThousands } from "./words.js";

const TIMERS = 10_000;
const SPAN_SECONDS = 0.2;

export function* timers(): Coroutine<string> {
  const loop = getRunningLoop();
  const late: number[] = [];
  const fired: number[] = [];
  const fire = (when: number): void => {
    late.push(loop.time() - when);
    fired.push(when);
  };
  const start = loop.time();
  const handles = Array.from({ length: TIMERS }, () => {
    const when = start + 0.02 + Math.random() * SPAN_SECONDS;
    return loop.callAt(when, fire, when);
  });
  for (const handle of handles) if (Math.random() < 0.9) handle.cancel();
  const kept = handles.filter((handle) => !handle.cancelled());

  yield* sleep(0.03 + SPAN_SECONDS);

  check(fired.length === kept.length, "every timer that was kept has fired, once");
  check(
    fired.every((when, index) => when >= (fired[index - 1] ?? 0)),
    "timers fire in the order of their deadlines",
  );
  check(Math.min(...late) >= 0, "no timer is early");
  const cancelled = withThousands(TIMERS - kept.length);
  const median = milliseconds(percentile(late, 0.5));
  return `${withThousands(TIMERS)} set, ${cancelled} cancelled; in order, none early, ${median} late`;
}
