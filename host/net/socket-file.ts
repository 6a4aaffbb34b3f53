/**
 * The files that Unix sockets leave in the file system.
 *
 * Owns: removing a file that an earlier server has left, and the file of a server of ours when it closes, unless
 * somebody else's has taken its place. Abstract names have no file.
 *
 * Does not own: the sockets (`unix-server.ts`, `datagram-endpoint.ts`).
 *
 * From: CPython 3.13 unix_events `create_unix_server` and `_stop_serving`. Differs: the file is compared and removed
 * while the socket is still open, as only then nobody else can have its inode; devices are compared too.
 */

import { statSync, unlinkSync } from "node:fs";
import { logError } from "../complaints.js";
import { messageOf } from "../errors.js";
import { pathBytes, type UnixPath } from "../sys/sockaddr.js";
import { formatAddress } from "./address.js";
import type { Socket } from "./socket.js";

/** The file that a bound Unix socket has made. */
export class SocketFile {
  readonly #path: Buffer;
  readonly #device: bigint;
  readonly #inode: bigint;

  private constructor(path: Buffer, device: bigint, inode: bigint) {
    this.#path = path;
    this.#device = device;
    this.#inode = inode;
  }

  /** The file of a bound Unix socket, or null if it has none, or none that may be looked at. */
  static of(socket: Socket): SocketFile | null {
    try {
      const path = filePath(socket.getsockname() as UnixPath);
      const stats = path && statSync(path, { bigint: true });
      return stats && new SocketFile(path, stats.dev, stats.ino);
    } catch {
      return null;
    }
  }

  /** Removes the file if it is still that of the socket, which must be open. A file that cannot be removed is told of on stderr. */
  remove(): void {
    const path = this.#path;
    try {
      const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
      if (stats?.dev === this.#device && stats.ino === this.#inode) unlinkSync(path);
    } catch (error) {
      logError(`Unable to clean up listening Unix socket ${path}: ${messageOf(error)}`);
    }
  }
}

/** Removes what an earlier server left at a path, if it is a socket. Whether one still listens there is not asked. */
export function removeStaleSocket(path: UnixPath): void {
  const file = filePath(path);
  if (file === null) return;
  try {
    if (statSync(file, { throwIfNoEntry: false })?.isSocket()) unlinkSync(file);
  } catch (error) {
    // A directory may let sockets be made and not looked at: whether that is enough, binding will tell.
    logError(`Unable to check or remove stale Unix socket ${formatAddress(path)}: ${messageOf(error)}`);
  }
}

/** The path as the file system takes it, or null for an abstract name and for none at all. */
function filePath(path: UnixPath): Buffer | null {
  const bytes = Buffer.from(pathBytes(path));
  return bytes.length === 0 || bytes[0] === 0 ? null : bytes;
}
