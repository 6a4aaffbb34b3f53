/**
 * epoll: which descriptors are ready.
 *
 * Owns: the calls and the layout of struct epoll_event, with the fd and a generation in its data.
 *
 * Does not own: what is registered, and what the bits mean to the core (`selector/epoll-selector.ts`).
 */

import { noteActivity } from "./activity.js";
import { EBADF, EINTR, ENOSYS, EPERM, isDescriptor } from "./errno.js";
import { libc } from "./libc.js";
import { Memory } from "./memory.js";
import { closeAtThreadEnd } from "./thread-end.js";
import { TIMESPEC_BYTES, TIMESPEC_WORDS, writeTimespec } from "./timespec.js";

export const EPOLLIN = 0x001;
export const EPOLLOUT = 0x004;
export const EPOLLERR = 0x008;
export const EPOLLHUP = 0x010;
/** Report each change once instead of for as long as it lasts. */
export const EPOLLET = 1 << 31;

export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CTL_MOD = 3;

const EPOLL_CLOEXEC = 0o2000000;
/** Of the system call, alike on x64 and arm64. Older C libraries have no function for it. */
const SYS_epoll_pwait2 = 441;
const SIGNAL_MASK_BYTES = 8;
const TIMEOUT_MS_MAX = 0x7fffffff;

/*
 * struct epoll_event is packed on x64 and nowhere else, which moves the data:
 *
 *   x64     0 events   4 fd   8 generation                12 bytes
 *   others  0 events   4 -    8 fd   12 generation        16 bytes
 */
const PACKED = process.arch === "x64";
const EVENT_WORDS = PACKED ? 3 : 4;
const EVENT_BYTES = EVENT_WORDS * 4;
const FD_WORD = PACKED ? 1 : 2;
const GENERATION_WORD = FD_WORD + 1;

/** Makes an epoll descriptor, or answers a negative errno. */
export function createEpoll(): number {
  const c = libc();
  const result = c.epoll_create1(EPOLL_CLOEXEC);
  return result < 0 ? -c.errno() : closeAtThreadEnd(result);
}

/** One epoll descriptor's calls, and the memory that they need. Does not own the descriptor. */
export class Epoll {
  readonly #change = new Memory(EVENT_BYTES);
  readonly #changeWords = new Int32Array(this.#change.bytes.buffer, 0, EVENT_WORDS);
  readonly #events: Memory;
  readonly #words: Int32Array;
  readonly #timeout = new Memory(TIMESPEC_BYTES);
  readonly #timeoutWords = new Int32Array(this.#timeout.bytes.buffer, 0, TIMESPEC_WORDS);
  /** Cleared for good by the first kernel or sandbox that does not know epoll_pwait2. */
  #exact = true;

  /** @param capacity How many events one `wait` can answer. */
  constructor(
    readonly fd: number,
    readonly capacity: number,
  ) {
    this.#events = new Memory(capacity * EVENT_BYTES);
    this.#words = new Int32Array(this.#events.bytes.buffer, 0, capacity * EVENT_WORDS);
  }

  /** Adds, changes or removes the registration of `fd`. `generation` comes back with its events. */
  control(operation: number, fd: number, events: number, generation: number): number {
    if (!isDescriptor(fd)) return -EBADF;
    noteActivity();
    const words = this.#changeWords;
    words[0] = events;
    words[FD_WORD] = fd;
    words[GENERATION_WORD] = generation;
    const c = libc();
    const result = c.epoll_ctl(this.fd, operation, fd, this.#change.address);
    return result < 0 ? -c.errno() : 0;
  }

  /** Answers at once how many events there are, `capacity` at the most. */
  poll(): number {
    const c = libc();
    for (;;) {
      const result = c.epoll_wait(this.fd, this.#events.address, this.capacity, 0);
      if (result >= 0) return result;
      const errno = c.errno();
      if (errno !== EINTR) return -errno;
    }
  }

  /**
   * Waits for events, `timeoutSeconds` at the most and not less; Infinity is for ever. A signal ends the wait with 0.
   * Blocks the thread.
   */
  wait(timeoutSeconds: number): number {
    if (timeoutSeconds <= 0) return this.poll();
    const result =
      timeoutSeconds < Infinity && this.#exact ? this.#waitExactly(timeoutSeconds) : this.#wait(timeoutSeconds);
    return result === -EINTR ? 0 : result;
  }

  /** The EPOLL bits of event `index` of the last call. */
  bitsAt(index: number): number {
    return this.#words[index * EVENT_WORDS];
  }

  fdAt(index: number): number {
    return this.#words[index * EVENT_WORDS + FD_WORD];
  }

  generationAt(index: number): number {
    return this.#words[index * EVENT_WORDS + GENERATION_WORD];
  }

  /** In nanoseconds; epoll_wait would round a 0.2 ms timeout up to 1 ms. */
  #waitExactly(timeoutSeconds: number): number {
    writeTimespec(this.#timeoutWords, 0, timeoutSeconds);
    const c = libc();
    const { address } = this.#events;
    const timeout = this.#timeout.address;
    let result = c.epoll_pwait2(SYS_epoll_pwait2, this.fd, address, this.capacity, timeout, 0, SIGNAL_MASK_BYTES);
    if (result < 0) result = -c.errno();
    if (result !== -ENOSYS && result !== -EPERM) return result;
    this.#exact = false;
    return this.#wait(timeoutSeconds);
  }

  #wait(timeoutSeconds: number): number {
    const timeoutMs = timeoutSeconds === Infinity ? -1 : Math.min(Math.ceil(timeoutSeconds * 1000), TIMEOUT_MS_MAX);
    const c = libc();
    const result = c.epoll_wait(this.fd, this.#events.address, this.capacity, timeoutMs);
    return result < 0 ? -c.errno() : result;
  }
}
