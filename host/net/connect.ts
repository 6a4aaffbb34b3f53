/**
 * Making TCP connections.
 *
 * Owns: the arguments of `createConnection`; trying the addresses of a host in order; binding the local end; handing the
 * connected socket to a transport.
 *
 * Does not own: trying several at once (`happy-eyeballs.ts`), the connection afterwards (`socket-transport.ts`), waiting
 * for a socket to connect (`sock-calls.ts`).
 *
 * From: CPython 3.13 base_events `create_connection`. Differs: options that `sock` makes
 * meaningless are errors; a protocol factory that throws closes the socket.
 */

import { checkAbsent, checkBoolean, checkInteger, checkOptions, INT_MAX } from "../arguments.js";
import { SOCK_STREAM } from "../constants.js";
import { CancelledError, describe, typeError, ValueError } from "../errors.js";
import type { Future } from "../futures/future.js";
import { Operation, type Work } from "../futures/operation.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { StreamProtocol } from "../protocols.js";
import { type Address, checkInterface, type Place } from "./address.js";
import { isLogged, pairText, writeDown } from "./debug-log.js";
import { interleaveFamilies, race } from "./happy-eyeballs.js";
import { introduce } from "./introduce.js";
import {
  checkDescriptors,
  checkHost,
  checkPort,
  checkProtocol,
  checkProtocolFactory,
  checkResolution,
} from "./options.js";
import { type AddressInfo, resolve, resolvePlace } from "./resolve.js";
import { sockConnect } from "./sock-calls.js";
import { Socket } from "./socket.js";
import { SocketTransport } from "./socket-transport.js";
import { checkStreamSocket } from "./takeover.js";
import { secure } from "./tls-handshake.js";
import { CLIENT_TLS_KEYS, type ClientTlsOptions, checkClientTls, type TlsSide } from "./tls-options.js";
import type { Transport } from "./transport.js";

/** An address to connect from: the host may be a name, and the port that of a service. */
export type LocalAddress = Place;

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
  localAddr?: LocalAddress;
  /**
   * After how many seconds without an answer the next address of the host is tried as well, while the attempts before it go
   * on: Happy Eyeballs, RFC 8305, which recommends 0.25. Left out, an address is tried when the one before has failed.
   */
  happyEyeballsDelay?: number | null;
  /**
   * 0 tries the addresses as the resolver orders them. Otherwise IPv6 and IPv4 take turns, after so many of the family that
   * comes first. With `happyEyeballsDelay` the default is 1, and without it 0.
   */
  interleave?: number | null;
  /** Whether the error is always an AggregateError of all attempts, even of only one; false by default. */
  allErrors?: boolean;
}

const HAPPY_KEYS = ["happyEyeballsDelay", "interleave", "allErrors"];
const KNOWN = ["family", "proto", "flags", "sock", "localAddr", ...HAPPY_KEYS, ...CLIENT_TLS_KEYS];

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
  return new Operation(loop, connect(loop, protocolFactory, host ?? null, port ?? null, options, tls), ([transport]) =>
    transport.abort(),
  );
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
    () => socket._close(),
  );
}

function* connectedSecurely<P extends StreamProtocol>(
  loop: EventLoop,
  protocolFactory: () => P,
  socket: Socket,
  tls: TlsSide,
): Work<[transport: Transport, protocol: P]> {
  let protocol: P;
  let below: SocketTransport;
  try {
    protocol = checkProtocol(protocolFactory());
    below = new SocketTransport(loop, socket, {});
  } catch (error) {
    socket._close();
    throw error;
  }
  const transport = yield* secure(loop, below, protocol, tls);
  return [transport, protocol];
}

function checkArguments(loop: EventLoop, host: unknown, port: unknown, options: ConnectionOptions): void {
  checkOptions("createConnection", options, KNOWN);
  const { sock, family, proto, flags, localAddr, happyEyeballsDelay, interleave, allErrors } = options;
  checkHost(host);
  checkPort(port);
  checkResolution(options);
  checkDelay(happyEyeballsDelay ?? 0);
  checkInteger("The option interleave", interleave ?? 0, 0, INT_MAX);
  checkBoolean("allErrors", allErrors);
  if (sock !== undefined && sock !== null) {
    const useless = { host, port, family, proto, flags, localAddr, happyEyeballsDelay, interleave, allErrors };
    checkAbsent("sock is given", useless);
    checkStreamSocket(loop, sock);
    return;
  }
  if ((host ?? port ?? null) === null) {
    throw new ValueError(
      "ERR_NO_ADDRESS",
      "host and port was not specified and no sock specified: say where to connect",
    );
  }
  if (localAddr !== undefined && localAddr !== null) checkLocal(localAddr);
}

function checkLocal(localAddr: LocalAddress): void {
  if (typeof localAddr !== "object" || !("host" in localAddr)) {
    throw typeError("ERR_INVALID_ADDRESS", `The option localAddr must be { host, port }, not ${describe(localAddr)}`);
  }
  checkHost(localAddr.host);
  checkPort(localAddr.port);
  checkInterface(localAddr);
}

function checkDelay(seconds: unknown): void {
  if (typeof seconds !== "number") {
    const problem = `must be a number of seconds, not ${describe(seconds)}`;
    throw typeError("ERR_INVALID_ARG_TYPE", `The option happyEyeballsDelay ${problem}`);
  }
  if (seconds >= 0 && seconds < Number.POSITIVE_INFINITY) return;
  const hint = "leave it out to try one address at a time";
  throw new ValueError("ERR_BAD_TIME", `The option happyEyeballsDelay must be 0 or more, not ${seconds}: ${hint}`);
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
  const pair = yield* connected(loop, protocolFactory, socket, tls);
  if (isLogged(loop)) writeDown(`${socket} connected to ${host}:${port}: ${pairText(...pair)}`);
  return pair;
}

function* connectToHost(
  loop: EventLoop,
  host: string | null,
  port: number | string | null,
  options: ConnectionOptions,
): Work<Socket> {
  const { localAddr, family = 0, proto = 0, flags = 0, allErrors = false } = options;
  const delay = options.happyEyeballsDelay ?? null;
  const interleave = options.interleave ?? (delay === null ? 0 : 1);
  const wanted = { family, type: SOCK_STREAM, proto, flags };
  const resolved = yield* resolve(loop, host, port, wanted);
  const localInfos = localAddr ? yield* resolvePlace(loop, localAddr, wanted) : null;
  const infos = interleave > 0 ? interleaveFamilies(resolved, interleave) : resolved;
  const attempt = (info: AddressInfo): Work<Socket> =>
    connectSocket(loop, info, (socket) => localInfos && bindLocal(socket, localInfos));
  try {
    return yield* delay === null ? oneByOne(infos, attempt) : race(loop, infos, delay, attempt);
  } catch (error) {
    if (!(error instanceof AggregateError)) throw error;
    throw combined(error.errors, allErrors);
  }
}

/** @throws AggregateError of what every attempt has failed with */
function* oneByOne(infos: readonly AddressInfo[], attempt: (info: AddressInfo) => Work<Socket>): Work<Socket> {
  const errors: Error[] = [];
  for (const info of infos) {
    try {
      return yield* attempt(info);
    } catch (error) {
      if (error instanceof CancelledError) throw error;
      errors.push(error as Error);
    }
  }
  throw new AggregateError(errors);
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
    socket._close();
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
  if (errors.length > 0) throw combined(errors, false);
  const message = `no matching local address with family=${socket.family} found: localAddr is of another family than the host`;
  throw new ValueError("ERR_NO_ADDRESS", message);
}

/** One error for several: the first, if all of them say the same; else, or with `allErrors`, an AggregateError. */
function combined(errors: Error[], allErrors: boolean): Error {
  const [first] = errors;
  if (first === undefined) return new ValueError("ERR_NO_ADDRESS", "getaddrinfo() returned empty list");
  if (!allErrors && errors.every((error) => error.message === first.message)) return first;
  const messages = errors.map((error) => error.message).join(", ");
  const codes = new Set(errors.map((error) => (error as NodeJS.ErrnoException).code));
  const code = codes.size === 1 ? [...codes][0] : "ERR_CONNECT_FAILED";
  return Object.assign(new AggregateError(errors, `Multiple exceptions: ${messages}`), { code });
}
