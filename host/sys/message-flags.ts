/**
 * Flags that every transfer on a socket says.
 *
 * Owns: the numbers, which x64 and arm64 share. Flags that callers choose are in `../constants.ts`.
 *
 * From: include/linux/socket.h.
 */

/** This call does not wait, whatever the descriptor's mode. */
export const MSG_DONTWAIT = 0x40;
/** A peer that has gone is the error EPIPE, and no signal. */
export const MSG_NOSIGNAL = 0x4000;
