/**
 * What is lost with a loop that is closed too early.
 *
 * Owns: reporting pending tasks, always; in debug mode warning of transports and servers that are open; closing these, without telling
 * their protocols.
 *
 * From: CPython 3.13 tasks.py `Task.__del__`, selector_events `_SelectorTransport.__del__`. Differs: there it is the
 * garbage collector that finds them, and closes their sockets. Here a loop keeps its tasks alive, and a descriptor what
 * works on it, so the end of the loop is the moment in which they are lost.
 */
import { warnOfResource } from "../complaints.js";
import { FatalError } from "../errors.js";
import type { Task } from "../futures/task.js";
import { Server } from "../net/server.js";
import { sourceOf } from "../scheduler/source.js";
import { textOf } from "../show.js";
import type { EventLoop } from "./event-loop.js";
import { allTasks } from "./tasks.js";

/** Notes what is unfinished now. Returns a function that reports it, to be called when the loop is closed. */
export function unfinishedOf(loop: EventLoop): () => void {
  const tasks = [...allTasks(loop)];
  const warnings = loop.getDebug() ? openOn(loop).map(warningOf) : [];
  return () => {
    for (const warn of warnings) warn();
    reportDestroyed(loop, tasks);
  };
}

/** Closes what is open, at once. Nobody could do anything with it any more. */
export function closeOpen(loop: EventLoop): void {
  for (const owner of openOn(loop)) {
    const open = owner as { abort?(): void; close(): void };
    if (open.abort !== undefined) open.abort();
    else open.close();
  }
}

function openOn(loop: EventLoop): object[] {
  return [...new Set([...loop._fdOwners.values(), ...loop._openWithoutFd])];
}

/** A function that warns of it later, with the text that it has now. */
function warningOf(owner: object): () => void {
  const kind = owner instanceof Server ? "server" : "transport";
  const text = `unclosed ${kind} ${textOf(owner)}`;
  const source = sourceOf(owner);
  return () => warnOfResource(text, source === null ? undefined : `Object created at:\n${source}`);
}

/** Reports every task, and throws the first fatal error of the exception handler afterwards. */
function reportDestroyed(loop: EventLoop, tasks: readonly Task[]): void {
  let fatal: FatalError | null = null;
  for (const task of tasks) {
    try {
      loop.callExceptionHandler({ message: "Task was destroyed but it is pending!", task });
    } catch (error) {
      if (!(error instanceof FatalError)) throw error;
      fatal ??= error;
    }
  }
  if (fatal !== null) throw fatal;
}
