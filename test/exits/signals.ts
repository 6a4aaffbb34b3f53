/** Signals that come from outside, at any moment, as those of other programs do. */
import { spawn } from "node:child_process";

/** Has another process send this one SIGTERM. */
export function askForSigterm(): void {
  spawn("sh", ["-c", "kill -TERM $PPID"]);
}
