/**
 * The context of callbacks and tasks: the stores of AsyncLocalStorage that were current where they were registered.
 *
 * Owns: noticing that anybody uses AsyncLocalStorage at all, since capturing its stores costs more than all the rest of a
 * callback; capturing them; what was registered before that, so that nothing was captured; the one storage that is ours,
 * which is never captured.
 *
 * Does not own: what is kept in our storage (`futures/awaiting.ts`).
 *
 * From: CPython 3.13, events.py `Handle` and tasks.py `Task`, which run in copies of the contextvars. Differs: on Node 24 and
 * later what a generator sets with `enterWith` is gone at its next step, because a task has one context for all its steps
 * and Node does not write into it; `run` around what follows works everywhere. Stores that were set before this module was
 * loaded, and none afterwards, are not followed.
 */
import { AsyncLocalStorage, AsyncResource, executionAsyncResource } from "node:async_hooks";

const prototype = AsyncLocalStorage.prototype;
const { run, enterWith } = prototype;

/** Whether anybody has ever set a store. */
let following = false;

/**
 * A store that `enterWith` has set where nothing had been captured: what it was before, and in which context, which all
 * that the loop runs shares.
 */
interface Entered {
  readonly storage: AsyncLocalStorage<unknown>;
  readonly before: unknown;
  readonly resource: object;
}

let entered: Entered[] = [];
/** Whether the call in which somebody has set a store for the first time is under way, or has just ended. */
let isFirstCall = false;

/** The context in which nobody has set anything. */
const nothing = new AsyncResource("wasyncio.Nothing");

/** Our own storage. It is set with the methods that nobody observes. */
export const ownStorage: AsyncLocalStorage<object> = new AsyncLocalStorage();
Object.assign(ownStorage, { run, enterWith });

/** The stores that are current now, without ours, so that what runs in them belongs to no task; null while there can be none. */
export function captureContext(): AsyncResource | null {
  if (!following) return null;
  return ownStorage.getStore() === undefined ? newContext() : ownStorage.exit(newContext);
}

/** Whether stores have to be captured. */
export function followsContext(): boolean {
  return following;
}

/** A context of its own, with nothing in it, for what was registered before stores had to be captured. */
export function emptyContext(): AsyncResource {
  return nothing.runInAsyncScope(newContext);
}

/** Whether `endFirstCall` is to be called at the end of this call or step. */
export function inFirstCall(): boolean {
  return isFirstCall;
}

/** Takes back what the call in which somebody has set a store for the first time has left in the context of all others. */
export function endFirstCall(): void {
  isFirstCall = false;
  const resource = executionAsyncResource();
  for (const { storage, before, resource: where } of entered.reverse()) {
    if (where === resource) Reflect.apply(enterWith, storage, [before]);
  }
  entered = [];
  // Whoever has put something in front of ours meanwhile keeps it.
  if (prototype.enterWith === observedEnterWith) prototype.enterWith = enterWith;
}

function newContext(): AsyncResource {
  return new AsyncResource("wasyncio.Context");
}

/**
 * These two sit in front of the methods that set stores, until either is called for the first time. Then they step aside for good: `run` at
 * once, `enterWith` at the end of the loop's call in which that was, because what `enterWith` sets in that call would be seen by all that
 * the loop runs.
 */
function observedRun(this: AsyncLocalStorage<unknown>, ...args: Parameters<typeof run>): unknown {
  follow();
  return Reflect.apply(run, this, args);
}

function observedEnterWith(this: AsyncLocalStorage<unknown>, ...args: Parameters<typeof enterWith>): void {
  follow();
  entered.push({ storage: this, before: this.getStore(), resource: executionAsyncResource() });
  Reflect.apply(enterWith, this, args);
}

function follow(): void {
  if (following) return;
  following = true;
  isFirstCall = true;
  if (prototype.run === observedRun) prototype.run = run;
}

try {
  prototype.run = observedRun as typeof run;
  prototype.enterWith = observedEnterWith;
} catch {
  // It is frozen, so nobody will be seen using it.
  following = true;
}
