/**
 * What is said on the console, and by Node's warnings, without anybody having asked.
 *
 * Owns: that it never fails. Programs put functions of their own in the place of these, and what they throw must not end up in whoever
 * happened to be about to say something.
 *
 * Does not own: what the exception handler is told, which decides by itself what a throw of it leads to (`loop/exception-handler.ts`).
 */
import { attempt } from "./show.js";

/** As `console.error`. */
export function logError(...parts: unknown[]): void {
  attempt(() => console.error(...parts), undefined);
}

/** As `console.warn`. */
export function logWarning(text: string): void {
  attempt(() => console.warn(text), undefined);
}

/** As `process.emitWarning` for a ResourceWarning. */
export function warnOfResource(text: string, detail?: string): void {
  const options = detail === undefined ? {} : { detail };
  attempt(() => process.emitWarning(text, { type: "ResourceWarning", ...options }), undefined);
}
