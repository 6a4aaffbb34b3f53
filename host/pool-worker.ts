/**
 * What a worker of a pool runs, thread or process.
 *
 * Owns: making a function of what was sent, and sending back what it comes to.
 *
 * Does not own: how a function is sent (`executors/shipped-function.ts`), which worker gets it (workerpool).
 */
import { pathToFileURL } from "node:url";
import workerpool from "workerpool";
import { describeError, type Outcome } from "./executors/outcome.js";
import type { ShippedFunction } from "./executors/shipped-function.js";

type AnyFunction = (...args: unknown[]) => unknown;

/** How many functions are kept compiled. Programs that make up new ones all the time must not fill the worker. */
const COMPILED_MAX = 1000;

const compiled = new Map<string, AnyFunction>();
let initialized: Promise<unknown> | null = null;

workerpool.worker({ run });

async function run(shipped: ShippedFunction, args: unknown[], initializer: ShippedFunction | null): Promise<unknown> {
  try {
    if (initializer !== null) {
      initialized ??= call(initializer, []);
      await initialized;
    }
    const value = await call(shipped, args);
    return value instanceof workerpool.Transfer
      ? new workerpool.Transfer({ value: value.message } satisfies Outcome, value.transfer)
      : ({ value } satisfies Outcome);
  } catch (error) {
    return { error: describeError(error, "source" in shipped) } satisfies Outcome;
  }
}

async function call(shipped: ShippedFunction, args: unknown[]): Promise<unknown> {
  const found = "source" in shipped ? compile(shipped.source) : await load(shipped.module, shipped.name);
  return await found(...args);
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
  const exported = ((await import(url)) as Record<string, unknown>)[name];
  if (typeof exported === "function") return exported as AnyFunction;
  throw Object.assign(new TypeError(`${module} has no function ${name} among its exports`), {
    code: "ERR_FUNCTION_NOT_FOUND",
  });
}
