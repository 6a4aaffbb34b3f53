/** Garbage collection on demand, for tests of what it sets off. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Collects garbage, and lets what that sets off happen, until `condition` holds. Fails after a while. */
export async function collectUntil(condition: () => boolean, what: string): Promise<void> {
  for (let round = 0; round < 200; round++) {
    await collectGarbage();
    if (condition()) return;
  }
  throw new Error(`still not so after 200 collections: ${what}`);
}

/** Collects garbage, and lets finalizers run. */
export async function collectGarbage(): Promise<void> {
  // What a WeakRef was asked for stays alive until Node's next turn.
  await new Promise((resolve) => setTimeout(resolve, 0));
  collect();
  await new Promise((resolve) => setTimeout(resolve, 0));
}
