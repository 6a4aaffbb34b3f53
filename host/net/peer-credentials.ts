/**
 * Who is at the other end of a Unix socket.
 *
 * Owns: reading the process, the user and the group that the kernel noted when the connection was made.
 *
 * Does not own: what they are good for. The process may have ended since, and its number be another's.
 *
 * From: unix(7), SO_PEERCRED and struct ucred.
 */

import { SO_PEERCRED, SOL_SOCKET } from "../constants.js";
import type { Socket } from "./socket.js";

/** The peer of a Unix socket, as it was when it called `connect` or `listen`. */
export interface PeerCredentials {
  pid: number;
  uid: number;
  gid: number;
}

const UCRED_BYTES = 12;

/** Answers who is at the other end of a connected Unix socket, or null if nobody is. */
export function peerCredentials(socket: Socket): PeerCredentials | null {
  const ucred = socket.getsockopt(SOL_SOCKET, SO_PEERCRED, UCRED_BYTES);
  const pid = ucred.readInt32LE(0);
  return pid === 0 ? null : { pid, uid: ucred.readUInt32LE(4), gid: ucred.readUInt32LE(8) };
}
