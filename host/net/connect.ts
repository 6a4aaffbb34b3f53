/**
 * Making TCP connections.
 *
 * Owns: the arguments of `createConnection`; trying the addresses of a host in order; binding the local end; handing the
 * connected socket to a transport.
 *
 * Does not own: the connection afterwards (`socket-transport.ts`), waiting for a socket to connect (`sock-calls.ts`).
 *
 * From: CPython 3.11 base_events `create_connection`. Differs: options that `sock` makes meaningless are errors; a
 * protocol factory that throws closes the socket.
 */

import { SOCK_STREAM } from "../constants.js";
import { CancelledError, describe, typeError, ValueError } from "../errors.js";
import type { Future } from "../futures/future.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { StreamProtocol } from "../protocols.js";
import type { Address } from "./address.js";
import { introduce } from "./introduce.js";
import { Operation, type Work } from "./operation.js";
import {
  checkAbsent,
  checkDescriptors,
  checkHost,
  checkOptions,
  checkPort,
  checkProtocol,
  checkProtocolFactory,
  checkResolution,
  checkStreamSocket,
} from "./options.js";
import { type AddressInfo, resolve } from "./resolve.js";
import { sockConnect } from "./sock-calls.js";
import { Socket } from "./socket.js";
import { SocketTransport } from "./socket-transport.js";
import { secure } from "./tls-handshake.js";
import { CLIENT_TLS_KEYS, type ClientTlsOptions, checkClientTls, type TlsSide } from "./tls-options.js";
import type { Transport } from "./transport.js";

/** Options of `createConnection`. */
export interface ConnectionOptions extends ClientTlsOptions {
  /** AF_INET or AF_INET6 to use addresses of that family alone. */
  family?: number;
  /** IPPROTO_TCP, or 0. */
  proto?: number;
  /** AI_ flags for looking the host up. */
  flags?: number;
  /** A connected stream socket to take over, instead of a host and a port. */
  sock?: Socket;
  /** The address to connect from. */
  localAddr?: { host: string | null; port?: number | null };
}

const KNOWN = ["family", "proto", "flags", "sock", "localAddr", ...CLIENT_TLS_KEYS];
const LATER = {
  happyEyeballsDelay: "Happy Eyeballs",
  interleave: "Happy Eyeballs",
  allErrors: "allErrors",
};

/** Connects; see `EventLoop.createConnection`. */
export function createConnection<P extends StreamProtocol>(
  loop: EventLoop,
  protocolFactory: () => P,
  host: string | null | undefined,
  port: number | string | null | undefined,
  options: ConnectionOptions,
): Future<[transport: Transport, protocol: P]> {
  checkDescriptors(loop);
  checkProtocolFactory(protocolFactory);
  checkArguments(loop, host, port, options);
  const tls = checkClientTls(options, host || null);
  return new Operation(loop, connect(loop, protocolFactory, host ?? null, port ?? null, options, tls));
}

/**
 * Hands a connected socket to a transport, over TLS if `tls` says so. It is the transport's from here on, also if the
 * factory throws.
 */
export function* connected<P extends StreamProtocol>(
  loop: EventLoop,
  protocolFactory: () => P,
  socket: Socket,
  tls: TlsSide | null,
): Work<[transport: Transport, protocol: P]> {
  if (tls !== null) return yield* connectedSecurely(loop, protocolFactory, socket, tls);
  return yield* introduce(
    protocolFactory,
    (protocol) => new SocketTransport(loop, socket, protocol, { awaited: true }),
    () => socket.close(),
  );
}

function* connectedSecurely<P extends StreamProtocol>(
  loop: EventLoop,
  protocolFactory: () => P,
  socket: Socket,
  tls: TlsSide,
): Work<[transport: Transport, protocol: P]> {
  let protocol: P;
  try {
    protocol = checkProtocol(protocolFactory());
  } catch (error) {
    socket.close();
    throw error;
  }
  const transport = yield* secure(loop, new SocketTransport(loop, socket, {}), protocol, tls);
  return [transport, protocol];
}

function checkArguments(loop: EventLoop, host: unknown, port: unknown, options: ConnectionOptions): void {
  checkOptions("createConnection", options, KNOWN, LATER);
  const { sock, family, proto, flags, localAddr } = options;
  checkHost(host);
  checkPort(port);
  checkResolution(options);
  if (sock !== undefined && sock !== null) {
    checkAbsent("sock is given", { host, port, family, proto, flags, localAddr });
    checkStreamSocket(loop, sock);
    return;
  }
  if ((host ?? port ?? null) === null) {
    throw new ValueError(
      "ERR_NO_ADDRESS",
      "host and port was not specified and no sock specified: say where to connect.",
    );
  }
  if (localAddr === undefined || localAddr === null) return;
  if (typeof localAddr !== "object") {
    throw typeError("ERR_INVALID_ADDRESS", `The option localAddr must be { host, port }, not ${describe(localAddr)}.`);
  }
  checkHost(localAddr.host);
  checkPort(localAddr.port);
}

function* connect<P extends StreamProtocol>(
  loop: EventLoop,
  protocolFactory: () => P,
  host: string | null,
  port: number | string | null,
  options: ConnectionOptions,
  tls: TlsSide | null,
): Work<[transport: Transport, protocol: P]> {
  const socket = options.sock ?? (yield* connectToHost(loop, host, port, options));
  return yield* connected(loop, protocolFactory, socket, tls);
}

function* connectToHost(
  loop: EventLoop,
  host: string | null,
  port: number | string | null,
  { localAddr, family = 0, proto = 0, flags = 0 }: ConnectionOptions,
): Work<Socket> {
  const wanted = { family, type: SOCK_STREAM, proto, flags };
  const infos = yield* resolve(loop, host, port, wanted);
  const localInfos = localAddr ? yield* resolve(loop, localAddr.host, localAddr.port, wanted) : null;
  const errors: Error[] = [];
  for (const info of infos) {
    try {
      return yield* connectSocket(loop, info, (socket) => localInfos && bindLocal(socket, localInfos));
    } catch (error) {
      if (error instanceof CancelledError) throw error;
      errors.push(error as Error);
    }
  }
  throw combined(errors);
}

/**
 * Makes a socket and connects it, as part of an operation. It is closed if that fails.
 *
 * @param prepare what else is to be done with it before it connects
 */
export function* connectSocket(
  loop: EventLoop,
  { family, type, proto, address }: Pick<AddressInfo, "family" | "type" | "proto"> & { address: Address },
  prepare?: (socket: Socket) => void,
): Work<Socket> {
  const socket = new Socket(family, type, proto);
  try {
    prepare?.(socket);
    yield* sockConnect(loop, socket, address);
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** Binds the socket to the first local address that will do. */
function bindLocal(socket: Socket, localInfos: AddressInfo[]): void {
  const fitting = localInfos.filter((info) => info.family === socket.family);
  const errors: Error[] = [];
  for (const { address } of fitting) {
    try {
      return socket.bind(address);
    } catch (error) {
      errors.push(error as Error);
    }
  }
  if (errors.length > 0) throw combined(errors);
  const message = `no matching local address with family=${socket.family} found: localAddr is of another family than the host`;
  throw new ValueError("ERR_NO_ADDRESS", message);
}

/** One error for several: itself if it is the only one, or if all say the same. */
function combined(errors: Error[]): Error {
  const [first] = errors;
  if (first === undefined) return new ValueError("ERR_NO_ADDRESS", "getaddrinfo() returned empty list");
  if (errors.every((error) => error.message === first.message)) return first;
  const messages = errors.map((error) => error.message).join(", ");
  const codes = new Set(errors.map((error) => (error as NodeJS.ErrnoException).code));
  const code = codes.size === 1 ? [...codes][0] : "ERR_CONNECT_FAILED";
  return Object.assign(new AggregateError(errors, `Multiple exceptions: ${messages}`), { code });
}
