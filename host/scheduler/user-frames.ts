/**
 * The user's part of a stack.
 *
 * Owns: telling the user's frames from ours, the core's and Node's; what a line of a stack says.
 *
 * Frames are lines of an error's stack, because call sites would hold on to functions and what these close over.
 */
import { fileURLToPath } from "node:url";
import { ownFolder } from "../own-folder.js";
import { attempt } from "../show.js";

/** One call under way: which function, and where in it. */
export interface StackFrame {
  /** "" for a function without a name. */
  readonly functionName: string;
  /** A path, or a URL of a file. */
  readonly fileName: string;
  /** Counted from 1, as columns are. */
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/** As the frames of ES modules name it, and as those of CommonJS modules do. */
const OWN_FOLDERS = [ownFolder, fileURLToPath(ownFolder)];
/** How many of the user's frames are kept. */
const DEPTH = 10;
/** How many are looked at: ours come before the user's, and between them. */
const FRAMES_MAX = 40;

/** The user's frames under way, the innermost first, as lines of a stack. */
export function userFrames(): string[] {
  return userFramesIn(stackHere());
}

/** The user's frames in an error's stack, as lines of it. */
export function userFramesIn(stack: string): string[] {
  const lines = stack.split("\n").slice(1);
  return lines.filter((line) => !isOwn(line) && placeIn(line) !== null).slice(0, DEPTH);
}

/** Where a line of a stack says that its frame is, as `file:line:column`; null if it does not. */
export function placeIn(line: string): string | null {
  // The path itself may have brackets. What eval has made is nowhere, and has a "<" where its place would end.
  return /(?:^|[\s(])((?:file:\/\/|\/)[^<]+:\d+:\d+)\)?$/.exec(line.trim())?.[1] ?? null;
}

/** What one of the user's frames says. */
export function frameOf(line: string): StackFrame {
  const [, functionName = ""] = /^\s*at (?:async )?(.+?) \((?:file:|\/)/.exec(line) ?? [];
  const [, fileName = "", lineNumber, columnNumber] = /^(.*):(\d+):(\d+)$/.exec(placeIn(line) ?? "") ?? [];
  return { functionName, fileName, lineNumber: Number(lineNumber), columnNumber: Number(columnNumber) };
}

/** The stack; "" where the program's own `Error.prepareStackTrace` fails, or makes no text of it. */
function stackHere(): string {
  const limit = Error.stackTraceLimit;
  const prepare = attempt(() => Error.prepareStackTrace, undefined);
  // Making a text of all frames takes four times as long. Where source maps are on it has to be Node's own way.
  const mayFilter = typeof prepare === "function" && process.sourceMapsEnabled === false;
  // Both stay as they are where the program has frozen them.
  Reflect.set(Error, "stackTraceLimit", FRAMES_MAX);
  if (mayFilter) Reflect.set(Error, "prepareStackTrace", ofUserFrames(prepare));
  try {
    const { stack }: { stack?: unknown } = new Error();
    return typeof stack === "string" ? stack : "";
  } catch {
    return "";
  } finally {
    Reflect.set(Error, "stackTraceLimit", limit);
    if (mayFilter) Reflect.set(Error, "prepareStackTrace", prepare);
  }
}

type Prepare = (error: Error, sites: NodeJS.CallSite[]) => unknown;

/** As `prepare`, and it gets the user's frames alone. */
function ofUserFrames(prepare: Prepare): Prepare {
  return (error, sites) => Reflect.apply(prepare, Error, [error, sites.filter(isUsers).slice(0, DEPTH)]);
}

function isUsers(site: NodeJS.CallSite): boolean {
  const file = site.getFileName() ?? "";
  return (file.startsWith("/") || file.startsWith("file://")) && !isOwn(file);
}

function isOwn(line: string): boolean {
  return (
    OWN_FOLDERS.some((folder) => line.includes(folder)) || line.includes("wasm://") || line.includes("node:internal")
  );
}
