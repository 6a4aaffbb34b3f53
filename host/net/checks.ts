/**
 * The tests that calls about bytes and files put their arguments to.
 *
 * Owns: several pieces of bytes, and descriptors given as a number, or as something with `fileno()` or `fd`.
 *
 * Does not own: addresses (`address.ts`), what calls of every kind take (`arguments.ts`).
 */

import { FD_MAX } from "../../assembly/abi.js";
import { checkBytes } from "../arguments.js";
import { describe, typeError, ValueError } from "../errors.js";
import { errorText, systemError } from "../sys/errors.js";
import { type DescriptorKind, descriptorKind } from "../sys/fd.js";

/** Anything that stands for a descriptor. */
export type HasFileno = number | { fileno(): number };

/** One end of a pipe: its descriptor, or anything that has one, such as `process.stdin` or a FileHandle. */
export type PipeLike = HasFileno | { readonly fd: number };

const WANTED = "Pass a descriptor, or an object whose fileno() answers one";
const WANTED_OF_PIPES = "Pass a descriptor, or an object that is open and has one, from fileno() or as fd";

/**
 * Answers the bytes of several pieces, one behind the other.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE` for what cannot be gone through, and as `checkBytes`
 */
export function checkLines(lines: Iterable<Uint8Array>): Uint8Array {
  if (typeof lines === "string" || typeof (lines as Partial<typeof lines> | null)?.[Symbol.iterator] !== "function") {
    throw typeError("ERR_INVALID_ARG_TYPE", `The lines must be an array, or another iterable, not ${describe(lines)}`);
  }
  const pieces = [...lines];
  for (const piece of pieces) checkBytes("Each line", piece);
  return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);
}

/**
 * Answers the descriptor of a number or of anything with `fileno()`. It need not be open.
 *
 * @throws ValueError `ERR_INVALID_FILE` as CPython's "Invalid file object" and "Invalid file descriptor"
 */
export function checkDescriptor(value: HasFileno): number {
  if (typeof value === "number") return checkNumber(value, value, WANTED);
  const fd = filenoOf(value);
  return checkNumber(value, fd, fd === undefined && typeof fdOf(value) === "number" ? "Pass its fd" : WANTED);
}

/**
 * Like `checkDescriptor`, also for what has a descriptor as `fd`, as Node's own have it. What has both is asked for `fileno()`.
 *
 * @throws as `checkDescriptor`
 */
export function checkPipeLike(value: PipeLike): number {
  return checkNumber(value, typeof value === "number" ? value : (filenoOf(value) ?? fdOf(value)), WANTED_OF_PIPES);
}

/**
 * Answers the descriptor of a file, or of one end of a pipe, and what it is.
 *
 * @throws ValueError `ERR_INVALID_FILE` if it has no descriptor; Error `EBADF` if it is not open
 */
export function checkOpen(file: PipeLike): { readonly fd: number; readonly kind: DescriptorKind } {
  const fd = checkPipeLike(file);
  const kind = descriptorKind(fd);
  if (typeof kind === "number") throw systemError("fstat", kind, { message: `${errorText(kind)} ${fd}` });
  return { fd, kind };
}

function checkNumber(value: unknown, fd: unknown, hint: string): number {
  if (typeof fd !== "number")
    throw new ValueError("ERR_INVALID_FILE", `Invalid file object: ${describe(value)}. ${hint}`);
  if (Number.isInteger(fd) && fd >= 0 && fd <= FD_MAX) return fd;
  const reason = fd === -1 ? "The file may be closed" : `It must be an integer from 0 to ${FD_MAX}`;
  throw new ValueError("ERR_INVALID_FILE", `Invalid file descriptor: ${fd}. ${reason}`);
}

function filenoOf(value: unknown): unknown {
  const fileno = propertyOf(value, "fileno");
  return typeof fileno === "function" ? fileno.call(value) : undefined;
}

function fdOf(value: unknown): unknown {
  return propertyOf(value, "fd");
}

function propertyOf(value: unknown, name: string): unknown {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return undefined;
  return (value as Record<string, unknown>)[name];
}
