/**
 * What debug mode writes down of connections.
 *
 * Owns: the log, which Node shows on stderr when the environment variable NODE_DEBUG names `wasyncio`.
 *
 * Does not own: what is slow or went wrong, which debug mode tells of in any case.
 *
 * From: CPython 3.13 `logger.debug` and `logger.info` of base_events and selector_events, which are not shown either unless asked for.
 */

import { debuglog } from "node:util";
import type { EventLoop } from "../loop/event-loop.js";
import { attempt, textOf } from "../show.js";

const log = debuglog("wasyncio");

/** Whether anybody wants to know. What is written down costs something only then. */
export function isLogged(loop: EventLoop): boolean {
  return loop.getDebug() && log.enabled;
}

/** Writes down a line. To be called only where `isLogged`. */
export function writeDown(line: string): void {
  log("%s", line);
}

/** A transport and its protocol, as they stand at the end of a line. */
export function pairText(transport: object, protocol: object): string {
  return `(${textOf(transport)}, <${attempt(() => protocol.constructor.name, "")}>)`;
}
