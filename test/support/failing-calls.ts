/**
 * Calls of C that fail.
 *
 * Owns: putting a function that fails into the place of one of the table (`host/sys/libc.ts`), and taking it out again.
 *
 * Does not own: descriptors that exist in memory alone (`fake-selector/scripted-kernel.ts`).
 */
import { type CFunctions, type Libc, libc } from "../../host/sys/libc.js";

/** Says whether a call fails. `count` numbers the calls from 1 on. */
export type Fails = (count: number, ...args: readonly unknown[]) => boolean;

const always: Fails = () => true;

/**
 * Has calls of one function fail while `body` runs. What closes a descriptor closes it all the same, as the kernel's does.
 *
 * @returns how many calls have failed
 */
export async function whileFailing(
  name: keyof CFunctions,
  errno: number,
  body: () => Promise<void> | void,
  fails: Fails = always,
): Promise<number> {
  const table = libc();
  const real = table[name] as (...args: unknown[]) => number;
  const realErrno = table.errno;
  let count = 0;
  let failed = 0;
  let pending = 0;
  const failing = (...args: unknown[]): number => {
    pending = 0;
    count++;
    if (!fails(count, ...args)) return real(...args);
    if (name === "close") real(...args);
    failed++;
    pending = errno;
    return -1;
  };
  const replaced: Partial<Libc> = {
    [name]: failing,
    errno: () => {
      const answer = pending === 0 ? realErrno() : pending;
      pending = 0;
      return answer;
    },
  };
  Object.assign(table, replaced);
  try {
    await body();
  } finally {
    for (const key of Object.keys(replaced)) delete table[key as keyof Libc];
  }
  return failed;
}
