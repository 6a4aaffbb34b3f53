/**
 * Where errors go that nobody else can take.
 *
 * Owns: the handler that the user set, the default one, and the three layers of guard: a handler that raises is
 * reported to the default handler, and a default handler that raises is logged. In debug mode a context is told where
 * what it is about was made.
 *
 * From: CPython 3.13, base_events `call_exception_handler` and `default_exception_handler`. Differs: of a task that is lost nothing is left, so
 * what it is told of one does not run in the context of the task.
 */
import { types } from "node:util";
import { logError } from "../complaints.js";
import { describe, FatalError, typeError } from "../errors.js";
import { Task } from "../futures/task.js";
import { Handle } from "../scheduler/handle.js";
import { sourceOf } from "../scheduler/source.js";
import { attempt, show } from "../show.js";
import type { EventLoop } from "./event-loop.js";

/** What an exception handler is told. Keys beyond these may come. */
export interface ExceptionContext {
  /** What happened. */
  message: string;
  exception?: unknown;
  future?: unknown;
  task?: unknown;
  handle?: unknown;
  protocol?: unknown;
  transport?: unknown;
  socket?: unknown;
  asyncgen?: unknown;
  /** In debug mode: where what the context is about was made, the innermost frame first, a line each. */
  sourceTraceback?: string;
  /** In debug mode, without a `sourceTraceback`: where the handle was made whose callback runs. */
  handleTraceback?: string;
  [key: string]: unknown;
}

/** A handler for `setExceptionHandler`. */
export type ExceptionHandler = (loop: EventLoop, context: ExceptionContext) => void;

export class ExceptionHandling {
  readonly #loop: EventLoop;
  #handler: ExceptionHandler | null = null;

  constructor(loop: EventLoop) {
    this.#loop = loop;
  }

  get handler(): ExceptionHandler | null {
    return this.#handler;
  }

  set handler(handler: ExceptionHandler | null) {
    if (handler !== null && typeof handler !== "function") {
      throw typeError("ERR_NOT_CALLABLE", `the exception handler must be a function or null, not ${describe(handler)}`);
    }
    if (types.isGeneratorFunction(handler)) {
      const hint = "nobody would run the generator that it returns";
      throw typeError("ERR_COROUTINE_CALLBACK", `the exception handler must be a plain function: ${hint}`);
    }
    this.#handler = handler;
  }

  /** Tells whoever is to be told. Throws fatal errors of the handlers, and no others. */
  report(given: ExceptionContext): void {
    checkContext(given);
    const context = this.#loop.getDebug() ? attempt(() => withTraceback(this.#loop, given), given) : given;
    const handler = this.#handler;
    if (handler === null) return this.#tellDefault(context);
    try {
      runInContextOf(context, () => handler(this.#loop, context));
    } catch (error) {
      if (error instanceof FatalError) throw error;
      this.#reportHandler(error, context);
    }
  }

  #tellDefault(context: ExceptionContext): void {
    try {
      this.#loop.defaultExceptionHandler(context);
    } catch (error) {
      if (error instanceof FatalError) throw error;
      logError("Exception in default exception handler", error);
    }
  }

  #reportHandler(exception: unknown, context: ExceptionContext): void {
    try {
      this.#loop.defaultExceptionHandler({ message: "Unhandled error in exception handler", exception, context });
    } catch (error) {
      if (error instanceof FatalError) throw error;
      logError(
        "Exception in default exception handler while handling an unexpected error in custom exception handler",
        error,
      );
    }
  }
}

/** @throws TypeError `ERR_INVALID_ARG_TYPE` */
export function checkContext(context: unknown): void {
  if (typeof context === "object" && context !== null) return;
  throw typeError("ERR_INVALID_ARG_TYPE", `the context must be an object with a message, not ${describe(context)}`);
}

/** Calls a function with the stores of the task or handle that an exception context is about, if it is about one. */
function runInContextOf(context: ExceptionContext, call: () => void): void {
  const subject = attempt(() => context.task ?? context.future ?? context.handle, undefined);
  if (subject instanceof Task || subject instanceof Handle) subject._runInContext(call);
  else call();
}

/** What a context may be about. */
const SUBJECTS = ["task", "future", "handle", "transport"];

function withTraceback(loop: EventLoop, context: ExceptionContext): ExceptionContext {
  if (context.sourceTraceback !== undefined) return context;
  for (const key of SUBJECTS) {
    const subject = context[key];
    const sourceTraceback = typeof subject === "object" && subject !== null ? sourceOf(subject) : null;
    if (sourceTraceback !== null) return { ...context, sourceTraceback };
  }
  const { currentHandle } = loop._scheduler;
  const handleTraceback = currentHandle === null ? null : sourceOf(currentHandle);
  return handleTraceback === null ? context : { ...context, handleTraceback };
}

/** What each stack is introduced with. */
const STACKS: Readonly<Record<string, string>> = {
  sourceTraceback: "Object created at:",
  handleTraceback: "Handle created at:",
};

/** Writes the message, the other keys in order, and the exception's stack to stderr. */
export function logContext(context: ExceptionContext): void {
  const lines = [context.message || "Unhandled exception in event loop"];
  for (const key of Object.keys(context).sort()) {
    if (key === "message" || key === "exception") continue;
    const title = STACKS[key];
    const value = context[key];
    if (title !== undefined && typeof value === "string") lines.push(title, value);
    else lines.push(`${key}: ${show(value, { depth: 1 })}`);
  }
  if ("exception" in context) lines.push(show(context.exception));
  console.error(lines.join("\n"));
}
