/**
 * The descriptors that users watch.
 *
 * Owns: the number of what they pass; refusing one that a transport works on.
 */
import { FD_MAX } from "../../assembly/abi.js";
import { describe, RuntimeError, ValueError } from "../errors.js";
import type { EventLoop } from "./event-loop.js";

/** An fd, or something that has one. */
export type FileDescriptorLike = number | { fileno(): number };

/** The fd, which no transport may own. @throws ValueError `ERR_BAD_FD`; RuntimeError `ERR_FD_IN_USE` */
export function freeFd(loop: EventLoop, fileDescriptor: FileDescriptorLike): number {
  const fd = fdOf(fileDescriptor);
  const owner = loop._fdOwners.get(fd);
  if (owner !== undefined) {
    throw new RuntimeError(
      "ERR_FD_IN_USE",
      `File descriptor ${fd} is used by ${describe(owner)}: use its methods, or watch a descriptor of your own`,
    );
  }
  return fd;
}

/** @throws ValueError `ERR_BAD_FD` */
function fdOf(value: FileDescriptorLike): number {
  const fd = typeof value === "object" && typeof value?.fileno === "function" ? value.fileno() : value;
  if (typeof fd !== "number" || !Number.isInteger(fd) || fd < 0 || fd > FD_MAX) {
    const hint = typeof (value as { fd?: unknown } | null | undefined)?.fd === "number" ? ": pass its fd" : "";
    throw new ValueError(
      "ERR_BAD_FD",
      `Invalid file object: an fd or something with fileno() is required, not ${describe(value)}${hint}`,
    );
  }
  return fd;
}
