/**
 * Sockets that are forgotten while they are open.
 *
 * Owns: warning of them, once any loop has been in debug mode.
 *
 * Does not own: closing them: the descriptor may be in use elsewhere.
 *
 * From: CPython 3.11 `socket.__del__`, which closes them as well.
 */

import { warnOfResource } from "../complaints.js";
import { noteSource, sourceOf } from "../scheduler/source.js";
import { textOf } from "../show.js";

/** What is left to say of a socket that is gone. */
interface Remains {
  readonly text: string;
  readonly source: string | null;
}

const lost = new FinalizationRegistry<Remains>(({ text, source }) => {
  warnOfResource(`unclosed ${text}`, source === null ? undefined : `Object created at:\n${source}`);
});

let looking = false;

/** From here on sockets that are made are looked after. */
export function lookForLostSockets(): void {
  looking = true;
}

/** A socket was made. */
export function socketMade(socket: object): void {
  if (!looking) return;
  noteSource(socket);
  lost.register(socket, { text: textOf(socket), source: sourceOf(socket) }, socket);
}

/** A socket has no descriptor any more. */
export function socketGone(socket: object): void {
  if (looking) lost.unregister(socket);
}
