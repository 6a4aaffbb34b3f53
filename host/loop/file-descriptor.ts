/**
 * The descriptors that users watch.
 *
 * Owns: refusing one that a transport works on.
 *
 * Does not own: the number of what they pass (`net/checks.ts`).
 */
import { describe, RuntimeError } from "../errors.js";
import { checkDescriptor, type HasFileno } from "../net/checks.js";
import type { EventLoop } from "./event-loop.js";

/** An fd, or something that has one. */
export type FileDescriptorLike = HasFileno;

/** The fd, which no transport may own. @throws ValueError `ERR_INVALID_FILE`; RuntimeError `ERR_FD_IN_USE` */
export function freeFd(loop: EventLoop, fileDescriptor: FileDescriptorLike): number {
  const fd = checkDescriptor(fileDescriptor);
  const owner = loop._fdOwners.get(fd);
  if (owner !== undefined) {
    throw new RuntimeError(
      "ERR_FD_IN_USE",
      `File descriptor ${fd} is used by ${describe(owner)}: use its methods, or watch a descriptor of your own`,
    );
  }
  return fd;
}
