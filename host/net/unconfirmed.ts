/**
 * Whether it is safe to close a connection that has ended on our side.
 *
 * Owns: asking the system whether the peer's has confirmed everything, the end included. If the descriptor is closed before, and the peer
 * sends something, the system resets the connection, and what the peer has not received yet is lost.
 */
import { AF_UNIX, IPPROTO_TCP, TCP_INFO } from "../constants.js";
import { getOption } from "../sys/socket.js";
import type { Socket } from "./socket.js";

/** The state of a connection, the first byte of TCP_INFO: the end was sent, and neither confirmed nor answered. */
const FIN_WAIT1 = 4;

const state = new Uint8Array(1);

/** Whether the peer's system has yet to confirm something. Unix sockets hand over at once. */
export function hasUnconfirmed(socket: Socket | null): boolean {
  if (socket === null || socket.closed || socket.family === AF_UNIX) return false;
  // Some kernels do not tell, as those before 5.16 of MPTCP.
  return getOption(socket.fileno(), IPPROTO_TCP, TCP_INFO, state) > 0 && state[0] === FIN_WAIT1;
}
