/**
 * Sockets that are lent to Node for TLS. That is cheapest: between Node's cipher and a handle of Node's nothing passes through JavaScript.
 *
 * Owns: the second descriptor that Node works on, until the stream is destroyed; that the stream does not outlive the descriptor that is
 * ours, and keeps no process alive by itself.
 *
 * Does not own: the transport whose socket it is. It keeps the connection's place, in its loop and with its server, and does not
 * receive any more.
 */
import { createRequire } from "node:module";
import type { Socket as NodeSocket } from "node:net";
import type { EventLoop } from "../loop/event-loop.js";
import { EBADF } from "../sys/errno.js";
import { errorText, systemError } from "../sys/errors.js";
import { close, duplicate, letGo } from "../sys/fd.js";
import { own } from "./owners.js";
import type { SocketTransport } from "./socket-transport.js";

export class LentSocket {
  readonly transport: SocketTransport;
  /** The socket as Node has it. */
  readonly stream: NodeSocket;

  private constructor(loop: EventLoop, transport: SocketTransport, fd: number) {
    const { Socket } = createRequire(import.meta.url)("node:net") as typeof import("node:net");
    this.transport = transport;
    this.stream = new Socket({ fd, readable: true, writable: true, allowHalfOpen: true });
    this.stream.unref();
    transport._lend();
    // Whoever closes the transport ends what is above it, and for no error.
    transport.setProtocol({ connectionLost: () => this.stream.destroy() });
    own(loop, transport.getExtraInfo("socket").fileno(), this);
  }

  /** Lends the socket of a transport; null if it has something to send, or there is no descriptor left. */
  static of(loop: EventLoop, transport: SocketTransport): LentSocket | null {
    if (!loop._scheduler.driver.hasOutside || transport.getWriteBufferSize() > 0) return null;
    const fd = duplicate(transport.getExtraInfo("socket").fileno());
    if (fd < 0) return null;
    try {
      const lent = new LentSocket(loop, transport, fd);
      // Node closes it, also when the thread ends.
      letGo(fd);
      return lent;
    } catch {
      close(fd);
      return null;
    }
  }

  /** Ends the connection at once. */
  abort(): void {
    this.stream.destroy();
    this.transport.abort();
  }

  /** @internal Our descriptor of the socket is being closed. */
  _descriptorGoes(): void {
    this.stream.destroy(systemError("read", EBADF, { message: errorText(EBADF) }));
  }

  toString(): string {
    return `${this.transport}`;
  }
}
