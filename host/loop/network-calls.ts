/**
 * What is called on a loop to talk to others: connections, servers, pipes, sockets, names.
 *
 * Owns: the names of these calls and what they promise.
 *
 * Does not own: doing any of it (`net/`).
 *
 * From: CPython 3.13, base_events.BaseEventLoop, unix_events and selector_events.
 */
import type { Duplex } from "node:stream";
import type { Future } from "../futures/future.js";
import { connectAcceptedSocket } from "../net/accepted-socket.js";
import type { Address, InetAddress, NamedAddress, UnixPath } from "../net/address.js";
import type { PipeLike } from "../net/checks.js";
import { type ConnectionOptions, createConnection } from "../net/connect.js";
import { connectReadPipe, connectWritePipe } from "../net/connect-pipe.js";
import { createServer, type ServerOptions } from "../net/create-server.js";
import {
  createDatagramEndpoint,
  type DatagramAddress,
  type DatagramEndpointOptions,
} from "../net/datagram-endpoint.js";
import type { DatagramTransport } from "../net/datagram-transport.js";
import { connectDuplex } from "../net/duplex-transport.js";
import type { FileLike, SendfileOptions } from "../net/file-source.js";
import { type AddressInfo, getaddrinfo, getnameinfo, type ResolveOptions } from "../net/resolve.js";
import { sendfile } from "../net/sendfile.js";
import type { Server } from "../net/server.js";
import {
  sockAccept,
  sockConnect,
  sockRecv,
  sockRecvfrom,
  sockRecvfromInto,
  sockRecvInto,
  sockSendall,
  sockSendto,
} from "../net/sock-calls.js";
import { sockSendfile } from "../net/sock-sendfile.js";
import type { Socket } from "../net/socket.js";
import type { SSLContext } from "../net/ssl-context.js";
import { type StartTlsOptions, startTls } from "../net/start-tls.js";
import type { ServerTlsOptions } from "../net/tls-options.js";
import type { Transport } from "../net/transport.js";
import type { ReadTransport, WriteTransport } from "../net/transport-kinds.js";
import { createUnixConnection, type UnixConnectionOptions, type UnixPathLike } from "../net/unix-connect.js";
import { createUnixServer, type UnixServerOptions } from "../net/unix-server.js";
import type { BaseProtocol, DatagramProtocol, StreamProtocol } from "../protocols.js";
import type { EventLoop } from "./event-loop.js";

/** The part of an EventLoop that is about the network. */
export abstract class NetworkCalls {
  /**
   * Connects to a TCP server. The addresses of the host are tried in order, or at once with `happyEyeballsDelay`; then
   * the factory makes the protocol, its `connectionMade` is called, and the future is done, before anything is
   * received. Cancelling it leaves nothing open. With `ssl` it speaks TLS, and the server is tested: its certificate
   * must be trusted and be for the host.
   *
   * @param protocolFactory called without arguments, once there is a connection
   * @param host a name or a numeric address; null is this machine
   * @param port a number, or the name of a service
   * @returns what has begun to connect. It fails with `ECONNREFUSED` and the like, of several addresses with an AggregateError
   * @throws TypeError `ERR_NOT_CALLABLE`, `ERR_INVALID_ARG_TYPE`, `ERR_UNKNOWN_OPTION`, `ERR_NOT_A_SOCKET`;
   *   ValueError `ERR_NO_ADDRESS`, `ERR_OUT_OF_RANGE`, `ERR_BAD_TIME`, `ERR_CONFLICTING_OPTIONS`, `ERR_SOCKET_KIND`, with `ssl`
   *   `ERR_NO_HOSTNAME`; RuntimeError `ERR_LOOP_CLOSED`, `ERR_SOCKET_CLOSED`, `ERR_SOCKET_BUSY`, `ERR_FD_IN_USE`; TypeError and ValueError
   *   `ERR_INVALID_ADDRESS` for `localAddr`. In a blocking run it fails with `ERR_BLOCKING_RUN` for names and TLS
   */
  createConnection<P extends StreamProtocol>(
    this: EventLoop,
    protocolFactory: () => P,
    host?: string | null,
    port?: number | string | null,
    options: ConnectionOptions = {},
  ): Future<[transport: Transport, protocol: P]> {
    return createConnection(this, protocolFactory, host, port, options);
  }

  /**
   * Listens for TCP connections, on a socket of its own for each address of each host.
   *
   * @param protocolFactory called without arguments for each connection
   * @param host one or several; null or "" is every address of this machine
   * @param port 0 lets the system choose, for each address on its own
   * @returns what has begun to listen. It fails with `EADDRINUSE` and the like, and then nothing is left open
   * @throws as `createConnection`; ValueError `ERR_NO_CERTIFICATE`
   */
  createServer<A extends Address = InetAddress>(
    this: EventLoop,
    protocolFactory: () => StreamProtocol,
    host?: string | readonly string[] | null,
    port?: number | string | null,
    options: ServerOptions<A> = {},
  ): Future<Server<A>> {
    return createServer(this, protocolFactory, host, port, options);
  }

  /**
   * Makes an endpoint for datagrams, over UDP or between Unix sockets.
   *
   * @param protocolFactory called without arguments, once there is a socket
   * @param localAddr where to receive; without one, the system chooses when something is sent
   * @param remoteAddr the only peer: the socket is connected to it, unless `allowBroadcast` is on
   * @returns what has begun to resolve and connect. It fails with `EADDRINUSE` and the like
   * @throws as `createConnection`; TypeError and ValueError `ERR_INVALID_ADDRESS` for either address; ValueError `ERR_NO_ADDRESS` when there
   *   is neither an address nor a family
   */
  createDatagramEndpoint<P extends DatagramProtocol>(
    this: EventLoop,
    protocolFactory: () => P,
    localAddr?: DatagramAddress | null,
    remoteAddr?: DatagramAddress | null,
    options: DatagramEndpointOptions = {},
  ): Future<[transport: DatagramTransport, protocol: P]> {
    return createDatagramEndpoint(this, protocolFactory, localAddr, remoteAddr, options);
  }

  /**
   * Talks over a connection that was accepted outside of the loop; with `ssl`, as the server's side of TLS.
   *
   * @param sock a stream socket that is connected; it is the transport's from here on
   * @throws as `createServer`
   */
  connectAcceptedSocket<P extends StreamProtocol>(
    this: EventLoop,
    protocolFactory: () => P,
    sock: Socket,
    options: ServerTlsOptions = {},
  ): Future<[transport: Transport, protocol: P]> {
    return connectAcceptedSocket(this, protocolFactory, sock, options);
  }

  /**
   * Begins TLS on a connection that was used without it. From here on the old transport is not to be used any more, and `protocol`
   * is told of what comes over the new one; its `connectionMade` is not called again.
   *
   * @returns the new transport, once the handshake is over. If that fails the connection is closed
   * @throws TypeError `ERR_NOT_A_TRANSPORT`, `ERR_NOT_A_PROTOCOL`, `ERR_INVALID_ARG_TYPE`, `ERR_UNKNOWN_OPTION`; ValueError
   *   `ERR_FOREIGN_TRANSPORT`, `ERR_NO_HOSTNAME`, `ERR_NO_CERTIFICATE`, `ERR_CONFLICTING_OPTIONS`, `ERR_BAD_TIME`; RuntimeError `ERR_TRANSPORT_CLOSING`,
   *   `ERR_TLS_BEGUN`, `ERR_SENDFILE_IN_PROGRESS`, `ERR_LOOP_CLOSED`
   */
  startTls(
    this: EventLoop,
    transport: Transport,
    protocol: StreamProtocol,
    sslcontext: SSLContext,
    options: StartTlsOptions = {},
  ): Future<Transport> {
    return startTls(this, transport, protocol, sslcontext, options);
  }

  /**
   * Connects to a server that listens on a Unix socket; else as `createConnection`.
   *
   * @param path a path, as text or as bytes, or a `file:` URL; a leading NUL makes it an abstract name
   * @returns what has begun to connect. It fails with `ENOENT`, `ECONNREFUSED`, and `EAGAIN` if the server's backlog is full
   * @throws as `createConnection`; TypeError and ValueError `ERR_INVALID_ADDRESS`, for a path that is too long as well
   */
  createUnixConnection<P extends StreamProtocol>(
    this: EventLoop,
    protocolFactory: () => P,
    path?: UnixPathLike | null,
    options: UnixConnectionOptions = {},
  ): Future<[transport: Transport, protocol: P]> {
    return createUnixConnection(this, protocolFactory, path, options);
  }

  /**
   * Listens on a Unix socket. A socket that is at the path already is removed first, whether or not somebody listens on
   * it; closing the server removes the one that it has made.
   *
   * @param path as for `createUnixConnection`
   * @returns what has begun to listen. It fails with `EADDRINUSE` if there is a file at the path that is no socket
   * @throws as `createUnixConnection`
   */
  createUnixServer(
    this: EventLoop,
    protocolFactory: () => StreamProtocol,
    path?: UnixPathLike | null,
    options: UnixServerOptions = {},
  ): Future<Server<UnixPath>> {
    return createUnixServer(this, protocolFactory, path, options);
  }

  /**
   * Lets a protocol talk over a stream of Node's: a `net.Socket`, one half of a pair of PassThroughs, whatever is a Duplex.
   * The stream is the transport's from here on; `getExtraInfo("duplex")` answers it.
   *
   * @returns what is done before anything is received, as with `createConnection`
   * @throws TypeError `ERR_NOT_A_DUPLEX` also for a stream of objects or strings, `ERR_NOT_CALLABLE`; RuntimeError
   *   `ERR_STREAM_ENDED`, `ERR_LOOP_CLOSED`
   */
  connectDuplex<P extends StreamProtocol>(
    this: EventLoop,
    protocolFactory: () => P,
    duplex: Duplex,
  ): Future<[transport: Transport, protocol: P]> {
    return connectDuplex(this, protocolFactory, duplex);
  }

  /**
   * Reads from a pipe: a FIFO, a socket, a terminal or another character device.
   *
   * The transport takes the pipe over: it makes it non-blocking, and closes it when it ends, an object by its own `destroy`
   * or `close`. But 0, 1 and 2, as numbers or as `process.stdin` and its kin, stay open. If the pipe blocked before, it
   * does so again then, and at the end of the process: others may have it open too.
   *
   * @param pipe a descriptor, or anything that has one as `fd` or from `fileno()`
   * @throws ValueError `ERR_PIPE_KIND` for files and whatever else is no pipe, `ERR_INVALID_FILE`; Error `EBADF`;
   *   TypeError `ERR_NOT_CALLABLE`; RuntimeError `ERR_FD_IN_USE`, `ERR_LOOP_CLOSED`. The pipe is not taken over then
   */
  connectReadPipe<P extends StreamProtocol>(
    this: EventLoop,
    protocolFactory: () => P,
    pipe: PipeLike,
  ): Future<[transport: ReadTransport, protocol: P]> {
    return connectReadPipe(this, protocolFactory, pipe);
  }

  /**
   * Writes to a pipe, which is taken over as by `connectReadPipe`. When nobody reads from it any more, the transport ends:
   * with the error `EPIPE` if something is still to be written, and else without one.
   *
   * @throws as `connectReadPipe`
   */
  connectWritePipe<P extends BaseProtocol>(
    this: EventLoop,
    protocolFactory: () => P,
    pipe: PipeLike,
  ): Future<[transport: WriteTransport, protocol: P]> {
    return connectWritePipe(this, protocolFactory, pipe);
  }

  /**
   * Receives what comes next on a socket, waiting for it if need be. Nothing at all means the end of the stream.
   *
   * @param size how many bytes at the most
   * @throws RuntimeError `ERR_SOCKET_BUSY` while another call receives, `ERR_SOCKET_CLOSED`, `ERR_FD_IN_USE` for a
   *   socket of a transport, `ERR_LOOP_CLOSED`; TypeError `ERR_NOT_A_SOCKET`, `ERR_INVALID_ARG_TYPE`; ValueError `ERR_OUT_OF_RANGE`;
   *   UnsupportedError `ERR_NO_DESCRIPTORS` on a virtual loop
   */
  sockRecv(this: EventLoop, sock: Socket, size: number): Future<Buffer> {
    return sockRecv(this, sock, size);
  }

  /**
   * As `sockRecv`, into the start of a buffer, which is the call's until it is done.
   *
   * @returns how many bytes came; 0 is the end of the stream
   */
  sockRecvInto(this: EventLoop, sock: Socket, buffer: Uint8Array): Future<number> {
    return sockRecvInto(this, sock, buffer);
  }

  /** Receives the next datagram, cut to `size` bytes, and who sent it: null for an unnamed Unix socket. @throws as `sockRecv` */
  sockRecvfrom(this: EventLoop, sock: Socket, size: number): Future<[data: Buffer, address: Address | null]> {
    return sockRecvfrom(this, sock, size);
  }

  /** As `sockRecvfrom`, into the start of a buffer: all of it, or `size` bytes if that is not 0. */
  sockRecvfromInto(
    this: EventLoop,
    sock: Socket,
    buffer: Uint8Array,
    size = 0,
  ): Future<[received: number, address: Address | null]> {
    return sockRecvfromInto(this, sock, buffer, size);
  }

  /**
   * Sends a datagram. The data must not change meanwhile.
   *
   * @returns how many bytes were sent
   * @throws as `sockRecv`; TypeError and ValueError `ERR_INVALID_ADDRESS`
   */
  sockSendto(this: EventLoop, sock: Socket, data: Uint8Array, address: Address): Future<number> {
    return sockSendto(this, sock, data, address);
  }

  /**
   * Sends all of the data, which must not change meanwhile. How much was sent when that fails, or is cancelled, is unknown.
   *
   * @throws as `sockRecv`
   */
  sockSendall(this: EventLoop, sock: Socket, data: Uint8Array): Future<void> {
    return sockSendall(this, sock, data);
  }

  /**
   * Sends a file, or a part of it, without copying it into this process where the system can do that. A file on a slow disk
   * blocks the loop while the system reads it. Its position is neither used nor changed.
   *
   * @param file a regular file that is open for reading, and stays open until the call is done
   * @param offset where in the file to begin, in bytes
   * @param count how many bytes to send at the most; null is all up to the end of the file
   * @returns how many bytes were sent. How many that were when it fails, or is cancelled, is unknown
   * @throws as `sockRecv`; ValueError `ERR_INVALID_FILE`, `ERR_SOCKET_KIND`; Error `EBADF`; TypeError `ERR_UNKNOWN_OPTION`. Without `fallback` it fails with an UnsupportedError `ERR_SENDFILE_UNAVAILABLE`
   */
  sockSendfile(
    this: EventLoop,
    sock: Socket,
    file: FileLike,
    offset = 0,
    count: number | null = null,
    options: SendfileOptions = {},
  ): Future<number> {
    return sockSendfile(this, sock, file, offset, count, options);
  }

  /**
   * Sends a file, or a part of it, on a transport, after what was written before. Nothing is received meanwhile. Over a
   * socket nothing can be written either, and `close` and `writeEof` wait for the file. Over TLS, over streams of
   * Node's and where the system cannot send the file, it is read and written in pieces: then what is written meanwhile
   * comes between them, and `close` cuts it off.
   *
   * @param transport of a connection that is not closing
   * @returns and takes as `sockSendfile`
   * @throws as `sockSendfile`; TypeError `ERR_NOT_A_TRANSPORT`; ValueError `ERR_FOREIGN_TRANSPORT`; RuntimeError
   *   `ERR_TRANSPORT_CLOSING`. It fails with `ERR_SENDFILE_IN_PROGRESS` for a second file at the same time, and with
   *   `ERR_WRITE_AFTER_EOF` after `writeEof`
   */
  sendfile(
    this: EventLoop,
    transport: Transport,
    file: FileLike,
    offset = 0,
    count: number | null = null,
    options: SendfileOptions = {},
  ): Future<number> {
    return sendfile(this, transport, file, offset, count, options);
  }

  /**
   * Connects a socket. A host that is a name, or a port that is a service, is looked up, and the first address is used.
   *
   * @throws as `sockRecv`; TypeError and ValueError `ERR_INVALID_ADDRESS`
   */
  sockConnect(this: EventLoop, sock: Socket, address: Address | NamedAddress): Future<void> {
    return sockConnect(this, sock, address);
  }

  /** Takes the next connection of a listening socket, waiting for it if need be. @throws as `sockRecv` */
  sockAccept(this: EventLoop, sock: Socket): Future<[socket: Socket, address: Address]> {
    return sockAccept(this, sock);
  }

  /**
   * Finds the addresses of a host, best first. A few lookups of a thread run at a time, on other threads; the others wait
   * for their turn. Cancelling takes effect at once. A numeric host and port are not looked up.
   *
   * @param host a name or a numeric address; null is this machine: its loopback addresses, or every one with AI_PASSIVE
   * @param port a number, in decimal or as such; or the name of a service; null is 0
   * @returns what fails with `ENOTFOUND` for a name that does not exist, and otherwise with the C library's `EAI_AGAIN` and the like
   * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_UNKNOWN_OPTION`; ValueError `ERR_OUT_OF_RANGE`, `ERR_INVALID_ADDRESS`;
   *   UnsupportedError `ERR_NO_LOOKUPS` for a name on a virtual loop; RuntimeError `ERR_LOOP_CLOSED`
   */
  getaddrinfo(
    this: EventLoop,
    host: string | null | undefined,
    port: number | string | null | undefined,
    options: ResolveOptions = {},
  ): Future<AddressInfo[]> {
    return getaddrinfo(this, host, port, options);
  }

  /**
   * Finds the names of an address: its host and its service. Where there is none, it is the number.
   *
   * @param flags NI_ flags; with both NI_NUMERICHOST and NI_NUMERICSERV nothing is looked up
   * @throws as `getaddrinfo`
   */
  getnameinfo(this: EventLoop, sockaddr: InetAddress, flags = 0): Future<[host: string, service: string]> {
    return getnameinfo(this, sockaddr, flags);
  }
}
