/**
 * Functions on their way to a worker.
 *
 * Owns: the two ways in which they go: by their source, without the variables around them, or as an export of a module, which the
 * worker imports. And refusing what can go neither way.
 *
 * CPython pickles functions by module and name alone. Differs: a function that stands alone needs no module.
 */
import { isGeneratorFunction } from "node:util/types";
import { describe, messageOf, typeError, ValueError } from "../errors.js";

/** What is sent in the place of a function. */
export type ShippedFunction = { readonly source: string } | { readonly module: string; readonly name: string };

// biome-ignore lint/suspicious/noExplicitAny: a function's parameters are its caller's business
type AnyFunction = (...args: any[]) => unknown;

/** A function that a module exports, for executors; see `workerFunction`. */
export class WorkerFunction<F extends AnyFunction = AnyFunction> {
  /** Of the function's type. There is no value. */
  declare readonly type: F;

  /** @internal */
  constructor(
    readonly module: string,
    readonly name: string,
  ) {}
}

/** What an executor can run. */
export type Executable<A extends unknown[], R> = ((...args: A) => R) | WorkerFunction<(...args: A) => R>;

/**
 * Names an export of a module, to be run by an executor: it may use whatever its module does. Each worker imports the module, and runs what
 * stands in it: keep such functions out of the module of the main program.
 *
 * @param module the module's URL, such as `import.meta.url`, or an absolute path
 * @param name the export's name
 * @throws TypeError `ERR_INVALID_ARG_TYPE`; ValueError `ERR_INVALID_MODULE` for a module that is neither
 */
export function workerFunction<F extends AnyFunction = AnyFunction>(
  module: string | URL,
  name: string,
): WorkerFunction<F> {
  const url = module instanceof URL ? module.href : module;
  for (const [what, value] of Object.entries({ module: url, name })) {
    if (typeof value !== "string")
      throw typeError("ERR_INVALID_ARG_TYPE", `the ${what} must be a string, not ${describe(value)}`);
  }
  if (!url.startsWith("/") && !URL.canParse(url)) {
    throw new ValueError(
      "ERR_INVALID_MODULE",
      `the module must be a URL or an absolute path, not ${JSON.stringify(url)}: pass import.meta.url or __filename`,
    );
  }
  return new WorkerFunction<F>(url, name);
}

const shipped = new WeakMap<AnyFunction, ShippedFunction>();

/** Gets a function ready to be sent. @throws TypeError `ERR_NOT_CALLABLE`, `ERR_FUNCTION_NOT_SENDABLE` */
export function ship(func: unknown): ShippedFunction {
  if (func instanceof WorkerFunction) return { module: func.module, name: func.name };
  if (typeof func !== "function") {
    throw typeError("ERR_NOT_CALLABLE", `a function is required, not ${describe(func)}`);
  }
  const known = shipped.get(func as AnyFunction);
  if (known !== undefined) return known;
  const source = checkedSource(func as AnyFunction);
  const made = { source };
  shipped.set(func as AnyFunction, made);
  return made;
}

function checkedSource(func: AnyFunction): string {
  const source = Function.prototype.toString.call(func);
  if (/\{\s*\[native code\]\s*\}\s*$/.test(source)) throw notSendable(func, "is native or bound and has no source");
  if (/^class\b/.test(source)) throw notSendable(func, "is a class");
  if (isGeneratorFunction(func)) throw notSendable(func, "is a generator, which only a loop can run");
  const problem = problemOf(`"use strict"; return (${source}\n)`);
  if (problem === null) return source;
  if (problemOf(`return (${source}\n)`) === null) {
    throw notSendable(func, `uses what strict mode does not have, in which workers run it (${problem})`);
  }
  if (problemOf(`return ({ ${source}\n})`) === null) {
    throw notSendable(func, "is a method, whose source is no function by itself");
  }
  throw notSendable(func, `has a source that is no function by itself (${problem})`);
}

/** What keeps the body of a function from being compiled, in V8's words. */
function problemOf(body: string): string | null {
  try {
    new Function(body);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

function notSendable(func: AnyFunction, why: string): TypeError {
  return typeError(
    "ERR_FUNCTION_NOT_SENDABLE",
    `${describe(func)} ${why}: pass a plain or async function, or workerFunction(import.meta.url, name) for an export of a module`,
  );
}
