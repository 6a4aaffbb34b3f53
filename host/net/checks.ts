/**
 * The tests that calls about bytes and files put their arguments to.
 *
 * Owns: several pieces of bytes, and descriptors given as a number or as something with `fileno()`.
 *
 * Does not own: addresses (`address.ts`), what calls of every kind take (`arguments.ts`).
 */

import { FD_MAX } from "../../assembly/abi.js";
import { checkBytes } from "../arguments.js";
import { describe, ValueError } from "../errors.js";
import { errorText, systemError } from "../sys/errors.js";
import { type DescriptorKind, descriptorKind } from "../sys/fd.js";

/** Anything that stands for a descriptor. */
export type HasFileno = number | { fileno(): number };

/** One end of a pipe: its descriptor, or anything that has one, such as `process.stdin` or a FileHandle. */
export type PipeLike = HasFileno | { readonly fd: number };

/**
 * Answers the bytes of several pieces, one behind the other.
 *
 * @throws as `checkBytes`
 */
export function checkLines(lines: Iterable<Uint8Array>): Uint8Array {
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
  const fd: unknown = typeof value === "number" ? value : filenoOf(value);
  if (typeof fd !== "number") {
    const wanted = "Pass a descriptor, or an object whose fileno() answers one";
    throw new ValueError("ERR_INVALID_FILE", `Invalid file object: ${describe(value)}. ${wanted}`);
  }
  if (!Number.isInteger(fd) || fd < 0 || fd > FD_MAX) {
    throw new ValueError("ERR_INVALID_FILE", `Invalid file descriptor: ${fd}. The file may be closed`);
  }
  return fd;
}

function filenoOf(value: unknown): unknown {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return undefined;
  const { fileno } = value as { fileno?: unknown };
  return typeof fileno === "function" ? fileno.call(value) : undefined;
}

/**
 * Answers the descriptor of a file, or of one end of a pipe, and what it is.
 *
 * @throws ValueError `ERR_INVALID_FILE` if it has no descriptor; Error `EBADF` if it is not open
 */
export function checkOpen(file: PipeLike): { readonly fd: number; readonly kind: DescriptorKind } {
  const fd = checkDescriptor(hasFd(file) ? file.fd : file);
  const kind = descriptorKind(fd);
  if (typeof kind === "number") throw systemError("fstat", kind, { message: errorText(kind) });
  return { fd, kind };
}

/** Whether it is something with a descriptor as a property, as Node's own have it. */
function hasFd(file: unknown): file is { readonly fd: number } {
  if (typeof file !== "object" || file === null || "fileno" in file) return false;
  return typeof (file as { fd?: unknown }).fd === "number";
}
