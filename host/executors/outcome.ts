/**
 * What work came to, on its way from a worker to the loop.
 *
 * Owns: errors, which do not travel as they are: their class, message, stack in the worker, cause and own properties do.
 */
import { describe, RuntimeError } from "../errors.js";

/** A value, one that v8 has serialized, or an error. */
export type Outcome =
  | { readonly value: unknown }
  | { readonly packed: Uint8Array }
  | { readonly error: DescribedError };

/** An error that can be cloned and made again. */
export interface DescribedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly details: Record<string, unknown>;
  readonly cause: DescribedError | null;
  /** A name that a function sent by its source used and the worker does not know. */
  readonly missing: string | null;
}

/** Causes of causes that are told of. */
const CAUSES_MAX = 4;

/** The errors of the language, by name: they come back as what they were. Others come back as Error, under their name. */
const CLASSES: Readonly<Record<string, new (message: string) => Error>> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

/** Describes whatever was thrown. @param bySource whether by a function that was sent by its source */
export function describeError(thrown: unknown, bySource: boolean, depth = 0): DescribedError {
  if (!(thrown instanceof Error)) {
    const message = `a function in a worker threw ${describe(thrown)} and no Error: ${String(thrown)}`;
    return { name: "Error", message, stack: "", details: {}, cause: null, missing: null };
  }
  const missing = bySource && thrown instanceof ReferenceError ? /^(\S+) is not defined$/.exec(thrown.message) : null;
  const hasCause = thrown.cause instanceof Error && depth < CAUSES_MAX;
  return {
    name: String(thrown.name),
    message: String(thrown.message),
    stack: String(thrown.stack),
    details: simpleProperties(thrown),
    cause: hasCause ? describeError(thrown.cause, false, depth + 1) : null,
    missing: missing?.[1] ?? null,
  };
}

/** Makes the error again. Its stack is that of the worker. */
export function errorOf(described: DescribedError): Error {
  const { name, message, stack, details, cause, missing } = described;
  const error = new (CLASSES[name] ?? Error)(message);
  if (error.name !== name) Object.defineProperty(error, "name", { value: name, configurable: true, writable: true });
  Object.assign(error, details);
  if (stack !== "") error.stack = stack;
  if (cause !== null) error.cause = errorOf(cause);
  if (missing === null) return error;
  return Object.assign(
    new RuntimeError(
      "ERR_CAPTURED_VARIABLE",
      `the function uses ${missing}, which the worker does not have: a function is sent by its source, without the variables around it. Pass ${missing} as an argument, import it inside the function, or export the function and send workerFunction(import.meta.url, name)`,
    ),
    { cause: error },
  );
}

/** Such as `code` and `errno`: what every way of sending can carry. */
function simpleProperties(error: Error): Record<string, unknown> {
  const found = Object.entries(error).filter(([, value]) => ["string", "number", "boolean"].includes(typeof value));
  return Object.fromEntries(found.filter(([key]) => key !== "name" && key !== "message" && key !== "stack"));
}
