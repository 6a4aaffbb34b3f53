/**
 * Errors that come together, as those of the tasks of a group do.
 *
 * Owns: the group, and taking it apart: what `except*` does in Python.
 *
 * From: CPython 3.11, `ExceptionGroup`. Differs: its errors may be anything that can be thrown; a part of a group has
 * the group as its `cause`, where Python copies the traceback.
 */
import { isClass, isCoroutineFunction } from "./arguments.js";
import { describe, typeError, ValueError } from "./errors.js";
import { attempt } from "./show.js";

/** Which errors are meant: those of a class, of one of several classes, or those that a function picks. */
export type ErrorCondition = ErrorClass | readonly ErrorClass[] | ((error: unknown) => boolean);

// biome-ignore lint/suspicious/noExplicitAny: errors are made of anything
type ErrorClass = abstract new (...args: any[]) => Error;

/** Several errors of things that went on together, in `errors`. */
export class ExceptionGroup extends AggregateError {
  override readonly name = "ExceptionGroup";
  readonly code = "ERR_EXCEPTION_GROUP";
  readonly #text: string;

  /** @throws TypeError `ERR_INVALID_ARG_TYPE`; ValueError `ERR_INVALID_ARG_VALUE` for no errors */
  constructor(message: string, errors: readonly unknown[], options?: ErrorOptions) {
    checkParts(message, errors);
    super(errors, `${message} (${errors.length} sub-exception${errors.length === 1 ? "" : "s"})`, options);
    this.#text = message;
  }

  /**
   * The errors that are meant, in a group of their own, and within it in groups as they are here. A group that is meant
   * itself is taken whole.
   *
   * @returns null if there are none
   * @throws TypeError `ERR_INVALID_ARG_TYPE`
   */
  subgroup(condition: ErrorCondition): ExceptionGroup | null {
    return this.split(condition)[0];
  }

  /**
   * What `subgroup` answers, and a group of all the others.
   *
   *     const [refused, others] = group.split((error) => (error as NodeJS.ErrnoException).code === "ECONNREFUSED");
   *     if (others !== null) throw others;
   *
   * @returns null for a group that would be empty
   * @throws TypeError `ERR_INVALID_ARG_TYPE`
   */
  split(condition: ErrorCondition): [meant: ExceptionGroup | null, others: ExceptionGroup | null] {
    return this.#split(predicateOf(condition));
  }

  #split(isMeant: (error: unknown) => boolean): [ExceptionGroup | null, ExceptionGroup | null] {
    if (isMeant(this)) return [this, null];
    const meant: unknown[] = [];
    const others: unknown[] = [];
    for (const error of this.errors as unknown[]) {
      if (isGroup(error)) {
        const [within, without] = error.#split(isMeant);
        if (within !== null) meant.push(within);
        if (without !== null) others.push(without);
      } else (isMeant(error) ? meant : others).push(error);
    }
    return [this.#part(meant), this.#part(others)];
  }

  #part(errors: readonly unknown[]): ExceptionGroup | null {
    return errors.length === 0 ? null : new ExceptionGroup(this.#text, errors, { cause: this });
  }
}

function isGroup(error: unknown): error is ExceptionGroup {
  return attempt(() => error instanceof ExceptionGroup, false);
}

function predicateOf(condition: ErrorCondition): (error: unknown) => boolean {
  const classes = Array.isArray(condition) ? (condition as unknown[]) : [condition];
  if (classes.every(isErrorClass)) {
    return (error) => classes.some((each) => attempt(() => error instanceof each, false));
  }
  // What a coroutine function returns would always count as true, and a class throws.
  const picks = typeof condition === "function" && !isCoroutineFunction(condition) && !isClass(condition);
  if (picks) return condition as (error: unknown) => boolean;
  const hint = "pass a class of errors, several in an array, or a function that picks them";
  throw typeError(
    "ERR_INVALID_ARG_TYPE",
    `the condition says which errors are meant, and ${describe(condition)} does not: ${hint}`,
  );
}

function checkParts(message: unknown, errors: unknown): void {
  if (typeof message !== "string") {
    throw typeError("ERR_INVALID_ARG_TYPE", `the message of a group must be a string, not ${describe(message)}`);
  }
  if (!Array.isArray(errors)) {
    throw typeError("ERR_INVALID_ARG_TYPE", `the errors of a group must be in an array, and not ${describe(errors)}`);
  }
  if (errors.length === 0) throw new ValueError("ERR_INVALID_ARG_VALUE", "a group needs at least one error");
}

function isErrorClass(value: unknown): value is ErrorClass {
  return typeof value === "function" && (value === Error || value.prototype instanceof Error);
}
