/** Children that have ended, and of which nobody in this process has heard. */
import { readFileSync } from "node:fs";

/** Blocks the thread until a child of ours has ended, so that neither Node nor a loop can hear of it before the caller goes on. */
export function blockUntilEnded(pid: number): void {
  // The state stands behind the name, which may have spaces and brackets.
  while (!/\) Z [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, "utf8")));
}
