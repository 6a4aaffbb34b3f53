/**
 * Who owns a descriptor: the transport or server that works on it, so that nobody else watches it meanwhile. And which transports and
 * servers are open without a descriptor.
 *
 * Owns: entering an owner into its loop's table; when the descriptor is closed, by whomever, taking it out and telling it so; and
 * flushing what an owner has put off before somebody else works on its descriptor.
 *
 * The tables keep owners alive, so one that is open is never lost to the garbage collector; a loop that is closed before
 * them says so in debug mode (`loop/unclosed.ts`).
 *
 * Does not own: refusing others (`EventLoop.addReader`, `options.ts`).
 */

import type { EventLoop } from "../loop/event-loop.js";
import type { Flushable } from "../scheduler/flushes.js";
import { noteSource } from "../scheduler/source.js";
import { closeListeners } from "../sys/fd.js";

/** What an owner may do. */
interface Owner extends Partial<Flushable> {
  /** The descriptor is being closed, or given away, by the owner itself or by somebody else. Must not throw. */
  _descriptorGoes?(): void;
}

/** The table in which the owner of an fd is entered. */
const tables = new Map<number, Map<number, object>>();

/** Makes `owner` the owner of an open fd, until it is closed. */
export function own(loop: EventLoop, fd: number, owner: object): void {
  loop._fdOwners.set(fd, owner);
  tables.set(fd, loop._fdOwners);
  if (loop.getDebug()) noteSource(owner);
}

/** Notes that a transport or server is open which owns no fd, until `noteClosed`. */
export function noteOpen(loop: EventLoop, one: object): void {
  loop._openWithoutFd.add(one);
  if (loop.getDebug()) noteSource(one);
}

/** It is closed now. */
export function noteClosed(loop: EventLoop, one: object): void {
  loop._openWithoutFd.delete(one);
}

/** Has the owner of an fd do what it has put off, before anybody else works on the fd. */
export function flushOwner(fd: number): void {
  const owner = tables.get(fd)?.get(fd) as Owner | undefined;
  owner?._flush?.();
}

closeListeners.add((fd) => {
  if (tables.size === 0) return;
  const table = tables.get(fd);
  const owner = table?.get(fd) as Owner | undefined;
  table?.delete(fd);
  tables.delete(fd);
  owner?._descriptorGoes?.();
});
