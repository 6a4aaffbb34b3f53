/**
 * What work came to, on its way from a worker to the loop.
 *
 * Owns: errors, which do not travel as they are: their class, message, stack in the worker, cause and own properties do, and what an
 * AggregateError consists of. What cannot be cloned of it is left behind. Describing never fails, whatever was thrown.
 */
import { deserialize, serialize } from "node:v8";
import { describe, RuntimeError } from "../errors.js";
import { attempt, isError } from "../show.js";

/** A value, one that v8 has serialized, or an error. */
export type Outcome =
  | { readonly value: unknown }
  | { readonly packed: Uint8Array }
  | { readonly error: DescribedError };

/** What belongs to an error: another error, or a value that every way of sending can carry. */
type Described = { readonly value: unknown } | { readonly error: DescribedError };

/** An error that can be cloned and made again. */
export interface DescribedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** Its own properties, such as `code` and `errno`. */
  readonly details: readonly (readonly [key: string, value: Described])[];
  readonly cause: Described | null;
  /** What an AggregateError consists of; null of another error. */
  readonly errors: readonly Described[] | null;
  /** A name that a function sent by its source used and the worker does not know. */
  readonly missing: string | null;
}

/** How deep errors within errors are told of. */
const DEPTH_MAX = 4;

/** Own properties that are no details. */
const KNOWN = ["name", "message", "stack", "cause", "errors"];

/** The errors of the language, by name: they come back as what they were. Others come back as Error, under their name. */
const CLASSES = new Map(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((made) => [made.name, made]),
);

/**
 * Describes whatever was thrown.
 *
 * @param bySource whether by a function that was sent by its source
 * @param around the errors that it belongs to, the outermost first
 */
export function describeError(thrown: unknown, bySource: boolean, around: readonly Error[] = []): DescribedError {
  if (!isError(thrown)) return describeOther(thrown);
  const within = [...around, thrown];
  const name = attempt(() => String(thrown.name), "Error");
  const message = attempt(() => String(thrown.message), "");
  const missing = bySource && name === "ReferenceError" ? /^(\S+) is not defined$/.exec(message) : null;
  return {
    name,
    message,
    stack: attempt(() => String(thrown.stack), ""),
    details: detailsOf(thrown, within),
    cause: attempt(() => (thrown.cause === undefined ? null : describePart(thrown.cause, within)), null),
    errors: attempt(() => (thrown instanceof AggregateError ? describeParts(thrown.errors, within) : null), null),
    missing: missing?.[1] ?? null,
  };
}

/** Makes the error again. Its stack is that of the worker. */
export function errorOf(described: DescribedError): Error {
  const { name, message, stack, details, cause, errors, missing } = described;
  const error =
    errors === null ? new (CLASSES.get(name) ?? Error)(message) : new AggregateError(errors.map(partOf), message);
  if (error.name !== name) define(error, "name", name, false);
  for (const [key, detail] of details) define(error, key, partOf(detail), true);
  if (stack !== "") error.stack = stack;
  if (cause !== null) define(error, "cause", partOf(cause), false);
  if (missing === null) return error;
  return Object.assign(
    new RuntimeError(
      "ERR_CAPTURED_VARIABLE",
      `the function uses ${missing}, which the worker does not have: a function is sent by its source, without the variables around it. Pass ${missing} as an argument, import it inside the function, or export the function and send workerFunction(import.meta.url, name)`,
    ),
    { cause: error },
  );
}

/** Something was thrown that is no error: it becomes the cause of one. */
function describeOther(thrown: unknown): DescribedError {
  const what = attempt(() => `${describe(thrown)} and no Error: ${String(thrown)}`, "an object and no Error");
  const message = `the function threw ${what}`;
  const cause = describePart(thrown, []);
  return { name: "Error", message, stack: "", details: [], cause, errors: null, missing: null };
}

function detailsOf(error: Error, within: readonly Error[]): DescribedError["details"] {
  const keys = attempt(() => Object.keys(error), []).filter((key) => !KNOWN.includes(key));
  return keys.flatMap((key) => {
    const detail = attempt(() => describePart(error[key as keyof Error], within), null);
    return detail === null ? [] : [[key, detail] as const];
  });
}

function describeParts(values: readonly unknown[], within: readonly Error[]): Described[] {
  return values.flatMap((value) => describePart(value, within) ?? []);
}

/** Null for what cannot be cloned, and for errors that are too deep or around it. */
function describePart(value: unknown, within: readonly Error[]): Described | null {
  if (!isError(value)) return attempt(() => ({ value: deserialize(serialize(value)) }), null);
  if (within.length > DEPTH_MAX || within.includes(value)) return null;
  return { error: describeError(value, false, within) };
}

function partOf(described: Described): unknown {
  return "error" in described ? errorOf(described.error) : described.value;
}

/** Defines, and does not set: a key such as `__proto__` has a setter. */
function define(error: Error, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(error, key, { value, enumerable, configurable: true, writable: true });
}
