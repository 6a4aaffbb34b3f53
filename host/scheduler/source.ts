/**
 * Where in the user's code things were made: what debug mode adds to messages.
 *
 * Owns: the stacks of what was made in debug mode, beside the objects, so that they stay small.
 *
 * Does not own: telling the user's frames from ours (`user-frames.ts`).
 *
 * From: CPython 3.11 format_helpers.py `extract_stack`. Differs: the innermost frame comes first, as in JavaScript's stacks.
 */
import { placeIn, userFrames } from "./user-frames.js";

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
