/**
 * What a worker of a pool runs, thread or process.
 *
 * Owns: making a function of what was sent, and sending back what it comes to.
 *
 * Does not own: how a function is sent (`executors/shipped-function.ts`), which worker gets it (workerpool).
 */
import { pathToFileURL } from "node:url";
import { serialize } from "node:v8";
import { parentPort } from "node:worker_threads";
import workerpool from "workerpool";
import { importForWorker } from "./executors/importing.js";
import { describeError, type Outcome } from "./executors/outcome.js";
import type { ShippedFunction } from "./executors/shipped-function.js";

type AnyFunction = (...args: unknown[]) => unknown;

/** How many functions are kept compiled. Programs that make up new ones all the time must not fill the worker. */
const COMPILED_MAX = 1000;

const compiled = new Map<string, AnyFunction>();
let initialized: Promise<unknown> | null = null;

workerpool.worker({ run });

/** Answers at once when it can: a promise is a detour while somebody waits. */
function run(
  shipped: ShippedFunction,
  args: unknown[],
  initializer: ShippedFunction | null,
): Outcome | Promise<Outcome> {
  const failed = (error: unknown): Outcome => ({ error: describeError(error, "source" in shipped) });
  let value: unknown;
  try {
    value = initializer === null ? call(shipped, args) : callInitialized(shipped, args, initializer);
  } catch (error) {
    return failed(error);
  }
  // What cannot be sent is no failure of the function: workerpool tells of it.
  return isThenable(value) ? Promise.resolve(value).then(succeeded, failed) : succeeded(value);
}

/** A process packs its objects: what can be written and not read again would end the process that reads, if it came through the channel. */
function succeeded(value: unknown): Outcome {
  const isPacked = parentPort === null && typeof value === "object" && value !== null;
  return isPacked ? { packed: serialize(value) } : { value };
}

async function callInitialized(
  shipped: ShippedFunction,
  args: unknown[],
  initializer: ShippedFunction,
): Promise<unknown> {
  initialized ??= Promise.resolve(initializer).then((first) => call(first, []));
  await initialized;
  return await call(shipped, args);
}

function call(shipped: ShippedFunction, args: unknown[]): unknown {
  if ("source" in shipped) return compile(shipped.source)(...args);
  return load(shipped.module, shipped.name).then((found) => found(...args));
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

function compile(source: string): AnyFunction {
  let found = compiled.get(source);
  if (found === undefined) {
    if (compiled.size >= COMPILED_MAX) compiled.clear();
    found = new Function(`"use strict"; return (${source}\n)`)() as AnyFunction;
    compiled.set(source, found);
  }
  return found;
}

async function load(module: string, name: string): Promise<AnyFunction> {
  const url = module.startsWith("/") ? pathToFileURL(module).href : module;
  const exported = (await importForWorker(url))[name];
  if (typeof exported === "function") return exported as AnyFunction;
  throw Object.assign(new TypeError(`${module} has no function ${name} among its exports`), {
    code: "ERR_FUNCTION_NOT_FOUND",
  });
}
