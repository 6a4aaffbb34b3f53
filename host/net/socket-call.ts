/**
 * A call on a socket that waits until it can be done.
 *
 * Owns: trying at once, watching the socket while that is not enough, and letting go of it when the call is done, is
 * cancelled, or its socket is closed. One call at a time may wait for a socket to become readable, and one for writable.
 *
 * Does not own: what an attempt does (`sock-calls.ts`, `sock-sendfile.ts`), and the socket.
 *
 * From: CPython 3.13 selector_events. Differs: a second call is an error where CPython never ends the first; a socket that is
 * closed ends the call with an error, where it would wait for ever.
 */
import { RuntimeError } from "../errors.js";
import { OwnFuture } from "../futures/own-future.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { Side } from "../scheduler/scheduler.js";
import { closeListeners } from "../sys/fd.js";
import { checkDescriptors, checkSocket } from "./options.js";
import type { Socket } from "./socket.js";

/** What an attempt answers that has to be made again. */
export const AGAIN = Symbol("again");

/** The calls that wait, by their socket's fd. */
const waiting = { reader: new Map<number, SocketCall<unknown>>(), writer: new Map<number, SocketCall<unknown>>() };

/** One call: an attempt that is repeated whenever the socket is ready, until it answers something else than AGAIN. */
export class SocketCall<T> extends OwnFuture<T> {
  readonly #sock: Socket;
  readonly #side: Side;
  readonly #attempt: () => T | typeof AGAIN;
  #fd = -1;
  #watch = 0;

  constructor(
    loop: EventLoop,
    sock: Socket,
    side: Side,
    attempt: () => T | typeof AGAIN,
    discard: ((value: T) => void) | null = null,
  ) {
    super(loop, discard);
    this.#sock = sock;
    this.#side = side;
    this.#attempt = attempt;
    if (!this._try()) this.#wait();
  }

  override cancel(message?: string): boolean {
    if (this.done()) return this._isOver();
    this.#letGo();
    return super.cancel(message);
  }

  /** Makes the attempt. Returns whether the call is done. */
  _try(): boolean {
    try {
      const result = this.#attempt();
      if (result === AGAIN) return false;
      this.#letGo();
      this._succeed(result);
    } catch (error) {
      this.#letGo();
      this._failWith(error as Error);
    }
    return true;
  }

  /** Ends the call because its socket was closed. */
  _abandon(): void {
    this.#letGo();
    if (this._scheduler.closed) return;
    this._failWith(new RuntimeError("ERR_SOCKET_CLOSED", "The socket was closed while a call waited for it"));
  }

  #wait(): void {
    const fd = this.#sock.fileno();
    try {
      this._loop._watch(fd, this.#side, tryAgain, [this]);
    } catch (error) {
      this._failWith(error as Error);
      return;
    }
    this.#fd = fd;
    this.#watch = watchOf(this._loop, fd, this.#side);
    waiting[this.#side].set(fd, this as SocketCall<unknown>);
  }

  /** Stops watching, unless somebody else watches in our place by now. */
  #letGo(): void {
    const fd = this.#fd;
    if (fd < 0) return;
    this.#fd = -1;
    const calls = waiting[this.#side];
    if (calls.get(fd) === (this as SocketCall<unknown>)) calls.delete(fd);
    if (!this._scheduler.closed && watchOf(this._loop, fd, this.#side) === this.#watch) {
      this._loop._unwatch(fd, this.#side);
    }
  }
}

function tryAgain(call: SocketCall<unknown>): void {
  call._try();
}

/** As the attempt, and AGAIN where it would have to wait. */
export function unlessAgain<T>(attempt: () => T): T | typeof AGAIN {
  try {
    return attempt();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return AGAIN;
    throw error;
  }
}

function watchOf(loop: EventLoop, fd: number, side: Side): number {
  const { core } = loop._scheduler;
  return side === "reader" ? core.readerOf(fd) : core.writerOf(fd);
}

/** @throws RuntimeError `ERR_LOOP_CLOSED`, `ERR_SOCKET_BUSY`, and as `checkSocket` */
export function checkIdle(loop: EventLoop, sock: Socket, side: Side): void {
  checkDescriptors(loop);
  const fd = checkSocket(loop, sock).fileno();
  const call = waiting[side].get(fd);
  if (call === undefined || call._scheduler.closed) return;
  const what = side === "reader" ? "receiving or accepting" : "sending or connecting";
  throw new RuntimeError("ERR_SOCKET_BUSY", `Another call is ${what} on socket ${fd}: await it first, or cancel it`);
}

closeListeners.add((fd) => {
  waiting.reader.get(fd)?._abandon();
  waiting.writer.get(fd)?._abandon();
});
