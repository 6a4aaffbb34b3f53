/**
 * The context of callbacks and tasks: the stores of AsyncLocalStorage that were current where they were registered.
 *
 * Owns: noticing that anybody uses AsyncLocalStorage at all, since capturing its stores costs more than all the rest of a
 * callback; capturing them; the one storage that is ours, which is never captured.
 *
 * Does not own: what is kept in our storage (`futures/awaiting.ts`).
 *
 * From: CPython 3.11, events.py `Handle` and tasks.py `Task`, which run in copies of the contextvars. Differs: on Node 24 and
 * later what a generator sets with `enterWith` is gone at its next step, because a task has one context for all its steps
 * and Node does not write into it; `run` around what follows works everywhere. Stores that were set before this module was
 * loaded, and none afterwards, are not followed.
 */
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";

const prototype = AsyncLocalStorage.prototype;
const { run, enterWith } = prototype;

/** Whether anybody has ever set a store. */
let following = false;

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

function newContext(): AsyncResource {
  return new AsyncResource("wasyncio.Context");
}

/** These sit in front of the two methods that set stores until one of them is called, and then step aside for good. */
function observedRun(this: AsyncLocalStorage<unknown>, ...args: Parameters<typeof run>): unknown {
  follow();
  return Reflect.apply(run, this, args);
}

function observedEnterWith(this: AsyncLocalStorage<unknown>, ...args: Parameters<typeof enterWith>): void {
  follow();
  Reflect.apply(enterWith, this, args);
}

function follow(): void {
  following = true;
  // Whoever has put something in front of ours meanwhile keeps it.
  if (prototype.run === observedRun) prototype.run = run;
  if (prototype.enterWith === observedEnterWith) prototype.enterWith = enterWith;
}

try {
  prototype.run = observedRun as typeof run;
  prototype.enterWith = observedEnterWith;
} catch {
  // It is frozen, so nobody will be seen using it.
  following = true;
}
