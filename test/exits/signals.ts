/** Signals that come from outside, at any moment, as those of other programs do. */
import { spawn } from "node:child_process";

/** Has another process send one to this. */
export function askForSignal(name: "HUP" | "INT" | "TERM"): void {
  spawn("sh", ["-c", `kill -${name} $PPID`]);
}
