/**
 * Exceptions that nobody looked at.
 *
 * Owns: telling the exception handler of each when its future or task is lost to the garbage collector, or else at the end of the
 * process. In debug mode it is told also what the future or task was, as a text, because there is no object any more.
 *
 * From: CPython 3.13, futures.py `__del__`. Differs: there it is told as soon as nobody holds the future. V8's
 * collector may come much later, or never in a program that is short.
 */
import type { FatalError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import { setImmediate } from "../node-timers.js";
import { sourceOf } from "../scheduler/source.js";
import { tellHandler } from "../scheduler/tell-handler.js";
import { attempt, textOf } from "../show.js";
import type { Future } from "./future.js";

interface Unseen {
  readonly loop: EventLoop;
  readonly kind: string;
  readonly exception: unknown;
  /** In debug mode: what is added to what the exception handler is told. */
  readonly more: { readonly future: string; readonly sourceTraceback?: string } | null;
}

/** Futures that may be fresh at a time. */
const FRESH_MAX = 1000;

const unseen = new FinalizationRegistry<Unseen>(report);

/** What is registered, by the future and by itself: a registry cannot be asked. */
const entries = new WeakMap<Future, Unseen>();
const registered = new Set<Unseen>();
let reportsAtExit = false;

/** Those that have failed just now. Most are looked at soon, and then nothing needs to be done for them. */
let fresh: Future[] = [];

/** Has a future's exception reported if it is lost before anybody looks at it. */
export function reportWhenLost(future: Future): void {
  if (!reportsAtExit) {
    reportsAtExit = true;
    process.on("exit", reportAll);
  }
  if (fresh.length === 0) setImmediate(registerUnseen).unref();
  else if (fresh.length === FRESH_MAX) registerUnseen();
  fresh.push(future);
}

/** Somebody looked at the exception. */
export function retrieved<T>(future: Future<T>): void {
  const entry = entries.get(future as Future);
  if (entry === undefined) return;
  unseen.unregister(future);
  entries.delete(future as Future);
  registered.delete(entry);
}

/** Looks at the exception of a future that is done, if it has one, so that it is not reported. */
export function markSeen<T>(future: Future<T>): void {
  if (future.done() && !future.cancelled()) future.exception();
}

/** The garbage collector has found one. What the handler throws to end the loop ends its run, or the next one. */
function report(entry: Unseen): void {
  const fatal = tell(entry);
  if (fatal === null) return;
  const { _scheduler: scheduler } = entry.loop;
  // No run is left that it could end.
  if (scheduler.closed) throw fatal;
  scheduler.fatal ??= { error: fatal };
  scheduler.wake();
}

/** The process ends: what nobody has looked at now, nobody will. Throws the first fatal error of a handler afterwards. */
function reportAll(): void {
  registerUnseen();
  let fatal: FatalError | null = null;
  for (const entry of registered) {
    const thrown = tell(entry);
    fatal ??= thrown;
  }
  if (fatal !== null) throw fatal;
}

/** Tells the exception handler. Answers the fatal error that it has thrown, or null. */
function tell(entry: Unseen): FatalError | null {
  const { loop, kind, exception, more } = entry;
  registered.delete(entry);
  return tellHandler(loop, { message: `${kind} exception was never retrieved`, exception, ...more });
}

function registerUnseen(): void {
  for (const future of fresh) {
    if (future._retrieved) continue;
    const { _loop: loop, _exception: exception } = future;
    // Until its stack is asked for, an error holds on to the objects whose methods were running when it was made; the
    // task is one of them, and would never be lost. The program's own `Error.prepareStackTrace` makes it, or a getter,
    // and those may throw.
    attempt(() => (exception as Error | undefined)?.stack, undefined);
    const more = loop.getDebug() ? debugDetails(future) : null;
    const entry = { loop, kind: future._kind, exception, more };
    unseen.register(future, entry, future);
    entries.set(future, entry);
    registered.add(entry);
  }
  fresh = [];
}

function debugDetails(future: Future): Unseen["more"] {
  const text = textOf(future);
  const sourceTraceback = sourceOf(future);
  return sourceTraceback === null ? { future: text } : { future: text, sourceTraceback };
}
