/**
 * Where in the user's code something was made: what debug mode adds to messages.
 *
 * Owns: telling the user's frames from ours.
 */

const OWN_FOLDER = new URL("..", import.meta.url).href;

/** The innermost stack frame outside this package, as `file:line:column`, or null when there is none. */
export function callSite(): string | null {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 10;
  const { stack = "" } = new Error();
  Error.stackTraceLimit = limit;
  for (const line of stack.split("\n").slice(1)) {
    if (line.includes(OWN_FOLDER) || line.includes("wasm://") || line.includes("node:internal")) continue;
    const place = /\(?((?:file:\/\/|\/)[^)]+:\d+:\d+)\)?$/.exec(line.trim());
    if (place?.[1] !== undefined) return place[1];
  }
  return null;
}
