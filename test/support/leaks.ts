/**
 * Fails a test that leaves something behind.
 *
 * Owns: what is counted in every test: open descriptors, children, native callbacks, watchers of closes, and whatever else
 * keeps Node's loop alive, timers included. Tests that know more (the core's statistics) add probes of their own.
 *
 * Does not own: cleaning up. A check waits for what is being closed, and reports what is still there after a second.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Callback, Test } from "uvu";
import { closeListeners } from "../../host/sys/fd.js";
import { registeredCallbacks } from "../../host/sys/libc.js";

/** Lists what is alive, one text each. Equal texts are counted. */
export interface Probe {
  /** What is listed, for the message. */
  readonly name: string;
  list(): string[];
}

/** Makes a probe of a number, say from `statistics()`. */
export function countProbe(name: string, count: () => number): Probe {
  return { name, list: () => Array.from({ length: count() }, () => name) };
}

/** Resources that come and go by themselves. */
const PASSING_RESOURCES = new Set(["Immediate", "TickObject"]);
const PATIENCE_MS = 1000;

// Node makes these on first use and keeps them.
void [process.stdout, process.stderr];

const PROBES: readonly Probe[] = [
  { name: "open descriptors", list: openDescriptors },
  { name: "children", list: children },
  {
    name: "resources of Node's loop",
    list: () => process.getActiveResourcesInfo().filter((name) => !PASSING_RESOURCES.has(name)),
  },
  countProbe("native callbacks", registeredCallbacks),
  countProbe("listeners to closes", () => closeListeners.size),
];

/**
 * Runs `body`, and then throws if more is alive than before. If `body` throws, that is what is thrown.
 *
 * @param probes Are asked besides the usual ones.
 * @param patienceMs How long what is being closed may take.
 */
export async function checkNoLeaks<T>(
  body: () => T | Promise<T>,
  probes: readonly Probe[] = [],
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const all = [...PROBES, ...probes];
  const before = all.map((probe) => probe.list());
  const result = await body();
  const end = performance.now() + patienceMs;
  for (;;) {
    const left = all.flatMap((probe, index) => describeExtra(probe.name, before[index], probe.list()));
    if (left.length === 0) return result;
    if (performance.now() > end) throw new Error(`Left behind: ${left.join("; ")}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A suite each of whose tests fails if it leaves something behind. Use it in place of `suite`. */
export function leakChecked<Context>(suite: Test<Context>, probes: readonly Probe[] = []): Test<Context> {
  const checked =
    (body: Callback<Context>): Callback<Context> =>
    (context) =>
      checkNoLeaks(() => body(context), probes).then(() => {});
  const test = (name: string, body: Callback<Context>): void => suite(name, checked(body));
  return Object.assign(test, {
    only: (name: string, body: Callback<Context>): void => suite.only(name, checked(body)),
    skip: suite.skip,
    before: suite.before,
    after: suite.after,
    run: suite.run,
  });
}

/**
 * `19 -> socket:[4711]` for each, without the one that lists them, and without /dev/null, which libuv opens with the first
 * server and keeps.
 */
function openDescriptors(): string[] {
  return readdirSync("/proc/self/fd")
    .map((fd) => `${fd} -> ${targetOf(fd)}`)
    .filter((descriptor) => !/ -> (\/dev\/null|closed)$/.test(descriptor));
}

/** The process ids of the children of this thread, those included that have ended and were not waited for. */
function children(): string[] {
  return readFileSync("/proc/thread-self/children", "utf8").split(" ").filter(Boolean);
}

function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return "closed";
  }
}

function describeExtra(name: string, before: string[], after: string[]): string[] {
  const rest = [...after];
  for (const known of before) {
    const at = rest.indexOf(known);
    if (at >= 0) rest.splice(at, 1);
  }
  return rest.length === 0 ? [] : [`${name}: ${rest.join(", ")}`];
}
