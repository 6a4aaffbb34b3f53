/**
 * Where in the user's code things were made: what debug mode adds to messages.
 *
 * Owns: telling the user's frames from ours; the stacks of what was made in debug mode, beside the objects, so that they
 * stay small.
 *
 * From: CPython 3.11 format_helpers.py `extract_stack`. Differs: the innermost frame comes first, as in JavaScript's stacks.
 */
import { fileURLToPath } from "node:url";
import { ownFolder } from "../own-folder.js";

/** As the frames of ES modules name it, and as those of CommonJS modules do. */
const OWN_FOLDERS = [ownFolder, fileURLToPath(ownFolder)];
/** How many of the user's frames are kept. */
const DEPTH = 10;
/** How many are looked at: ours come before the user's, and between them. */
const FRAMES_MAX = 40;

const stacks = new WeakMap<object, string>();

/** Remembers that `made` is being made here. */
export function noteSource(made: object): void {
  const frames = userFrames();
  if (frames.length > 0) stacks.set(made, frames.join("\n"));
}

/** The stack with which it was made, the innermost frame first, a line each; null if that was not in debug mode. */
export function sourceOf(made: object): string | null {
  return stacks.get(made) ?? null;
}

/** Where it was made, as `file:line:column`; null if that was not in debug mode. */
export function siteOf(made: object): string | null {
  const [innermost = ""] = sourceOf(made)?.split("\n", 1) ?? [];
  return placeIn(innermost);
}

/** The stack frames outside this package, as lines of a stack, without the objects that an Error would hold on to. */
function userFrames(): string[] {
  const lines = stackHere().split("\n").slice(1);
  return lines.filter((line) => !isOwn(line) && placeIn(line) !== null).slice(0, DEPTH);
}

/** The stack; "" where the program's own `Error.prepareStackTrace` fails, or makes no text of it. */
function stackHere(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES_MAX;
  try {
    const { stack }: { stack?: unknown } = new Error();
    return typeof stack === "string" ? stack : "";
  } catch {
    return "";
  } finally {
    Error.stackTraceLimit = limit;
  }
}

function isOwn(line: string): boolean {
  return (
    OWN_FOLDERS.some((folder) => line.includes(folder)) || line.includes("wasm://") || line.includes("node:internal")
  );
}

function placeIn(line: string): string | null {
  return /\(?((?:file:\/\/|\/)[^)]+:\d+:\d+)\)?$/.exec(line.trim())?.[1] ?? null;
}
