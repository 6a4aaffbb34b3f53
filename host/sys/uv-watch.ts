/**
 * Has Node's own loop watch a descriptor, so that an epoll descriptor of ours can be a guest on it.
 *
 * Owns: the libuv poll handle and the native callback. koffi makes the handle, because koffi closes it when a worker is
 * torn down and a handle left open there aborts the process; but koffi's own callback aborts too when JavaScript may no
 * longer run, so libuv is told to call a plain registered callback instead.
 *
 * Does not own: what happens when the descriptor is readable. `onReadable` runs inside native code, where a throw would
 * come out of some later, unrelated call and where promises are not drained: it should do no more than `setImmediate`.
 */

import { isMainThread } from "node:worker_threads";
import { RuntimeError } from "../errors.js";
import { setImmediate } from "../node-timers.js";
import { EPERM } from "./errno.js";
import { systemError } from "./errors.js";
import { descriptorKind } from "./fd.js";
import { type Koffi, libuv, loadKoffi, type PollHandle, type UvFunctions } from "./libc.js";
import { pinLibrary } from "./pin-library.js";

const UV_READABLE = 1;
const UV_POLL = 8;

/** A descriptor watched by Node's loop. */
export interface ReadableWatch {
  /** Keeps Node's loop alive while started. A new watch does. */
  ref(): void;
  /** Lets the process end although the watch is started. */
  unref(): void;
  /** Begins to watch. A new watch has begun. */
  start(): void;
  /**
   * Stops watching until `start`, and does not keep Node's loop alive until then. A descriptor that stays readable while
   * nobody reads it would otherwise keep Node's loop turning.
   */
  stop(): void;
  /** Stops watching, for good. Call it before the descriptor is closed. */
  close(): void;
}

/** Every open watch: koffi closes, silently, a handle that is no longer referenced. */
const open = new Map<number, ReadableWatch>();

/** koffi keeps every type for ever, so each is declared once. */
let types: { onPoll: unknown; onHandle: unknown } | undefined;

/**
 * Calls `onReadable` again and again while `fd` is readable and Node's loop gets round to it.
 *
 * @throws UnsupportedError `ERR_UNSUPPORTED_PLATFORM` outside Node
 * @throws RuntimeError `ERR_ALREADY_WATCHED` if the fd is watched: libuv would abort
 * @throws Error `EBADF`, or `EPERM` for a regular file or a directory, which are always ready; one of koffi's when 8192
 *   callbacks are in use
 */
export function watchReadable(fd: number, onReadable: () => void): ReadableWatch {
  const uv = libuv();
  checkWatchable(fd);
  const koffi = loadKoffi();
  types ??= {
    // libuv passes three arguments. Leaving them where they are is legal on x64 and arm64, and spares making numbers of them.
    onPoll: koffi.pointer(koffi.proto("void", [])),
    onHandle: koffi.pointer(koffi.proto("void", ["uintptr_t", "uintptr_t"])),
  };
  const callback = koffi.register(guarded(onReadable), types.onPoll);
  let poll: PollHandle | null = null;
  try {
    // A registered callback lies in koffi's library, as does the function that closes the handle.
    pinLibrary(callback);
    poll = koffi.node.poll(fd, ignore);
    const handle = findPollHandle(uv, koffi, fd);
    startPoll(handle, callback);
    return new UvPollWatch(fd, poll, handle, callback);
  } catch (error) {
    // A handle that is left watching a descriptor which is closed aborts the process.
    poll?.close();
    koffi.unregister(callback);
    throw error;
  }
}

function startPoll(handle: bigint, callback: bigint): void {
  const result = libuv().uv_poll_start(handle, UV_READABLE, callback);
  if (result < 0) throw systemError("uv_poll_start", result);
}

/** libuv aborts the process, or koffi does some time later, over a descriptor that cannot be watched. */
function checkWatchable(fd: number): void {
  const kind = descriptorKind(fd);
  if (typeof kind === "number") throw systemError("uv_poll_init", kind);
  if (kind === "regular" || kind === "directory") throw systemError("uv_poll_init", EPERM);
  if (open.has(fd)) {
    throw new RuntimeError("ERR_ALREADY_WATCHED", `Node's loop is watching the descriptor ${fd} already`);
  }
}

class UvPollWatch implements ReadableWatch {
  readonly #fd: number;
  readonly #poll: PollHandle;
  readonly #handle: bigint;
  readonly #callback: bigint;

  constructor(fd: number, poll: PollHandle, handle: bigint, callback: bigint) {
    this.#fd = fd;
    this.#poll = poll;
    this.#handle = handle;
    this.#callback = callback;
    // A worker that ends by itself gives its callback slots back; there are 8192 in the process.
    if (open.size === 0 && !isMainThread) process.on("exit", closeAll);
    open.set(fd, this);
  }

  ref(): void {
    if (this.#isOpen()) this.#poll.ref();
  }

  unref(): void {
    if (this.#isOpen()) this.#poll.unref();
  }

  start(): void {
    if (this.#isOpen()) startPoll(this.#handle, this.#callback);
  }

  stop(): void {
    if (this.#isOpen()) libuv().uv_poll_stop(this.#handle);
  }

  close(): void {
    if (!this.#isOpen()) return;
    open.delete(this.#fd);
    if (open.size === 0 && !isMainThread) process.off("exit", closeAll);
    this.#poll.close();
    loadKoffi().unregister(this.#callback);
  }

  /** koffi's handle crashes the process when it is used after its close. */
  #isOpen(): boolean {
    return open.get(this.#fd) === this;
  }
}

function closeAll(): void {
  for (const watch of [...open.values()]) watch.close();
}

/** Nothing may be thrown into native code: what `onReadable` throws becomes an ordinary uncaught exception. */
function guarded(onReadable: () => void): () => void {
  return () => {
    try {
      onReadable();
    } catch (error) {
      setImmediate(raise, error);
    }
  };
}

function raise(error: unknown): never {
  throw error;
}

/** The `uv_poll_t` that koffi has just made for `fd`: no function answers it, so look through all handles of the loop. */
function findPollHandle(uv: UvFunctions, koffi: Koffi, fd: number): bigint {
  const loop = new BigUint64Array(1);
  uv.napi_get_uv_event_loop(koffi.node.env, loop);
  const number = new Int32Array(1);
  const numberBytes = new Uint8Array(number.buffer);
  let found: bigint | undefined;
  const visit = koffi.register((handle: bigint) => {
    if (uv.uv_handle_get_type(handle) !== UV_POLL) return;
    if (uv.uv_fileno(handle, numberBytes) === 0 && number[0] === fd) found = handle;
  }, types?.onHandle);
  try {
    uv.uv_walk(loop[0] as bigint, visit, 0n);
  } finally {
    koffi.unregister(visit);
  }
  if (found === undefined) throw new RuntimeError("ERR_ASSERTION", `libuv has lost the handle of descriptor ${fd}`);
  return found;
}

function ignore(): void {}
