/**
 * What a future waits for right now.
 *
 * Owns: leaving out what is done. Does not own: what a future is made of (`Future._parts`).
 */
import { FutureState } from "../../assembly/abi.js";
import type { Future } from "./future.js";

/** What has to happen for a future to be done, as far as that is pending futures; each once. */
export function pendingPartsOf(future: Future): Set<Future> {
  const pending = new Set<Future>();
  if (future._state !== FutureState.Pending) return pending;
  for (const part of future._parts) if (part._state === FutureState.Pending) pending.add(part);
  return pending;
}
