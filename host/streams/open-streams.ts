/**
 * Connections and servers as streams, on the running loop.
 *
 * Owns: making a reader and a writer of a connection; closing one that is cancelled before anybody gets it.
 *
 * Does not own: connecting and listening (`net/`).
 *
 * From: CPython 3.13 asyncio/streams.py. Differs: what they return has started.
 */

import { checkOptionsObject } from "../arguments.js";
import type { Future } from "../futures/future.js";
import { Operation, type Work } from "../futures/operation.js";
import type { EventLoop } from "../loop/event-loop.js";
import { getRunningLoop } from "../loop/running-loop.js";
import type { Address, InetAddress, UnixPath } from "../net/address.js";
import type { ConnectionOptions } from "../net/connect.js";
import type { ServerOptions } from "../net/create-server.js";
import type { Server } from "../net/server.js";
import type { Transport } from "../net/transport.js";
import type { UnixConnectionOptions, UnixPathLike } from "../net/unix-connect.js";
import type { UnixServerOptions } from "../net/unix-server.js";
import { type ClientConnected, checkClientConnected, StreamReaderProtocol } from "./stream-protocol.js";
import { StreamReader } from "./stream-reader.js";
import { StreamWriter } from "./stream-writer.js";

export type { ClientConnected };

/** What every call here takes besides the options of the loop's own. */
export interface StreamLimit {
  /** The reader's limit, in bytes; 64 KiB by default. */
  limit?: number | undefined;
}

type Connect = (factory: () => StreamReaderProtocol) => Future<[transport: Transport, protocol: StreamReaderProtocol]>;

/** Both halves of a connection. */
export type Streams = [reader: StreamReader, writer: StreamWriter];

/**
 * Connects to a TCP server, as `loop.createConnection` does.
 *
 * @returns what has begun to connect; cancelling it leaves nothing open
 * @throws as `createConnection`; RuntimeError `ERR_NO_RUNNING_LOOP`; ValueError `ERR_OUT_OF_RANGE` for the limit
 */
export function openConnection(
  host?: string | null,
  port?: number | string | null,
  options: ConnectionOptions & StreamLimit = {},
): Future<Streams> {
  const [limit, rest] = splitLimit("openConnection", options);
  const loop = getRunningLoop();
  return connect(loop, limit, (factory) => loop.createConnection(factory, host, port, rest));
}

/**
 * Listens for TCP connections, as `loop.createServer` does.
 *
 * @param clientConnected called with the reader and the writer of each connection, in a task of its own. What it throws goes
 *   to the loop's exception handler, and the connection is closed; else closing it is up to the callback
 * @throws as `createServer`; RuntimeError `ERR_NO_RUNNING_LOOP`; TypeError `ERR_NOT_CALLABLE`
 */
export function startServer<A extends Address = InetAddress>(
  clientConnected: ClientConnected,
  host?: string | readonly string[] | null,
  port?: number | string | null,
  options: ServerOptions<A> & StreamLimit = {},
): Future<Server<A>> {
  const [limit, rest] = splitLimit("startServer", options);
  const loop = getRunningLoop();
  return loop.createServer(serverFactory(loop, limit, clientConnected), host, port, rest);
}

/** Connects to a Unix socket, as `loop.createUnixConnection` does. @throws as that and as `openConnection` */
export function openUnixConnection(
  path?: UnixPathLike | null,
  options: UnixConnectionOptions & StreamLimit = {},
): Future<Streams> {
  const [limit, rest] = splitLimit("openUnixConnection", options);
  const loop = getRunningLoop();
  return connect(loop, limit, (factory) => loop.createUnixConnection(factory, path, rest));
}

/** Listens on a Unix socket, as `loop.createUnixServer` does. @throws as that and as `startServer` */
export function startUnixServer(
  clientConnected: ClientConnected,
  path?: UnixPathLike | null,
  options: UnixServerOptions & StreamLimit = {},
): Future<Server<UnixPath>> {
  const [limit, rest] = splitLimit("startUnixServer", options);
  const loop = getRunningLoop();
  return loop.createUnixServer(serverFactory(loop, limit, clientConnected), path, rest);
}

function connect(loop: EventLoop, limit: number | undefined, begin: Connect): Future<Streams> {
  const reader = new StreamReader({ limit, loop });
  const protocol = new StreamReaderProtocol(reader, null, loop);
  // Outside of the operation, so that wrong arguments are refused at the call.
  const connecting = begin(() => protocol);
  return new Operation(loop, connected(loop, reader, protocol, connecting), () => protocol._abort());
}

function* connected(
  loop: EventLoop,
  reader: StreamReader,
  protocol: StreamReaderProtocol,
  connecting: ReturnType<Connect>,
): Work<Streams> {
  const [transport] = yield* connecting;
  return [reader, new StreamWriter(transport, protocol, reader, loop)];
}

function serverFactory(
  loop: EventLoop,
  limit: number | undefined,
  clientConnected: ClientConnected,
): () => StreamReaderProtocol {
  checkClientConnected(clientConnected);
  const make = (): StreamReader => new StreamReader({ limit, loop });
  // A limit that no reader takes is refused at the call.
  make();
  return () => new StreamReaderProtocol(make(), clientConnected, loop);
}

/** The limit, and the options of the loop's own call, which tests their names. */
function splitLimit<O extends StreamLimit>(
  call: string,
  options: O,
): [limit: number | undefined, rest: Omit<O, "limit">] {
  checkOptionsObject(call, options);
  const { limit, ...rest } = options;
  return [limit, rest];
}
