/**
 * Descriptors of worker threads that end before these are closed.
 *
 * A process that ends closes what it has open; a thread that ends, or is terminated, does not, and a server of its own would go on
 * taking connections that nobody accepts. No JavaScript runs in a thread that is terminated. But Node calls native functions then, and
 * `close` of the C library is one that fits.
 *
 * Owns: having every descriptor that a worker opens closed at its end. Does not own: those that it has given away, or was given.
 */
import { isMainThread } from "node:worker_threads";
import { libc, libuv, loadKoffi } from "./libc.js";

/** Those to be closed. */
const open = new Set<number>();

/** The address of `close`. */
let closeAddress = 0n;

/** A descriptor was opened by this thread. Returns it, or the errno that it is. */
export function closeAtThreadEnd(fd: number): number {
  if (isMainThread || fd < 0 || open.has(fd)) return fd;
  if (closeAddress === 0n) closeAddress = BigInt(libc().dlsym(0n, "close"));
  open.add(fd);
  libuv().napi_add_env_cleanup_hook(loadKoffi().node.env, closeAddress, BigInt(fd));
  return fd;
}

/** The descriptor is closed now, or somebody else's. */
export function leaveOpen(fd: number): void {
  if (open.delete(fd)) libuv().napi_remove_env_cleanup_hook(loadKoffi().node.env, closeAddress, BigInt(fd));
}
