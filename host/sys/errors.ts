/**
 * Failures of system calls as exceptions, shaped like Node's own.
 *
 * Owns: the way from a negative errno to an Error with `code`, `errno`, `syscall`, `address` and `port`.
 *
 * Does not own: errors that wasyncio raises by itself (`../errors.ts`). The wrappers of this folder throw nothing; their
 * callers decide whether a negative answer is an error.
 */

import { constants } from "node:os";
import { getSystemErrorMap } from "node:util";
import { attempt } from "../show.js";

let errorMap: ReturnType<typeof getSystemErrorMap> | undefined;

/** The names and words of errnos. Node makes a map of all of them for each who asks. */
function errorsByNumber(): ReturnType<typeof getSystemErrorMap> {
  errorMap ??= getSystemErrorMap();
  return errorMap;
}

/** What else is known about a failed call. */
export interface SystemErrorDetails {
  /** The host or the path that the call was about. */
  address?: string | undefined;
  port?: number | undefined;
  /** Words to follow the code, as in `bind EADDRINUSE: address already in use 127.0.0.1:80`. */
  message?: string | undefined;
}

/**
 * Makes the error of a failed call, like Node's: `connect ECONNREFUSED 127.0.0.1:1`.
 *
 * @param errno Positive or negative; the error's `errno` is negative, as Node's is.
 */
export function systemError(syscall: string, errno: number, details: SystemErrorDetails = {}): NodeJS.ErrnoException {
  const { address, port, message } = details;
  const code = errorCode(errno);
  const place = address === undefined ? "" : ` ${printable(address)}${port === undefined ? "" : `:${port}`}`;
  const error: NodeJS.ErrnoException = new Error(`${syscall} ${code}${message ? `: ${message}` : ""}${place}`);
  error.errno = -Math.abs(errno);
  error.code = code;
  error.syscall = syscall;
  return Object.assign(error, address === undefined ? {} : { address }, port === undefined ? {} : { port });
}

/** Whether what was thrown is the error of a system call, of ours or of Node's. */
export function isSystemError(thrown: unknown): boolean {
  return attempt(() => (thrown as NodeJS.ErrnoException | null | undefined)?.syscall !== undefined, false);
}

/** The name of an errno of either sign: `ECONNREFUSED`. One that nobody knows is `UNKNOWN`, as in libuv. */
export function errorCode(errno: number): string {
  const number = Math.abs(errno);
  const known = errorsByNumber().get(-number);
  if (known !== undefined) return known[0];
  for (const [name, value] of Object.entries(constants.errno)) if (value === number) return name;
  return "UNKNOWN";
}

/** What an errno of either sign means, in the system's words: `connection refused`. */
export function errorText(errno: number): string {
  return errorsByNumber().get(-Math.abs(errno))?.[1] ?? `error ${Math.abs(errno)}`;
}

/** Abstract paths begin with NUL, which terminals swallow. */
function printable(address: string): string {
  return address.replaceAll("\0", "@");
}
