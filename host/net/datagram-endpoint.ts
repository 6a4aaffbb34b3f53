/**
 * Making endpoints for datagrams.
 *
 * Owns: the arguments of `createDatagramEndpoint`; pairing local and remote addresses of one kind; making, binding and
 * connecting a socket for the first pair that works.
 *
 * Does not own: the endpoint afterwards (`socket-datagrams.ts`).
 *
 * From: CPython 3.13 base_events `create_datagram_endpoint`. Differs: reuseAddress is still there, off unless asked for; the
 * file of a Unix socket is removed when the endpoint closes; a protocol factory that throws closes the socket.
 */

import { types } from "node:util";
import { checkAbsent, checkBoolean, checkOptions } from "../arguments.js";
import { AF_UNIX, SO_BROADCAST, SO_REUSEADDR, SO_REUSEPORT, SOCK_DGRAM, SOL_SOCKET } from "../constants.js";
import { CancelledError, describe, typeError, ValueError } from "../errors.js";
import type { Future } from "../futures/future.js";
import { Operation, type Work } from "../futures/operation.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { DatagramProtocol } from "../protocols.js";
import { show } from "../show.js";
import { type Address, checkAddress, checkInterface, type Place, type UnixPath } from "./address.js";
import type { DatagramTransport } from "./datagram-transport.js";
import { isLogged, pairText, writeDown } from "./debug-log.js";
import { introduce } from "./introduce.js";
import { checkDescriptors, checkHost, checkPort, checkProtocolFactory, checkResolution } from "./options.js";
import { type AddressInfo, resolvePlace } from "./resolve.js";
import { sockConnect } from "./sock-calls.js";
import { Socket } from "./socket.js";
import { SocketDatagrams } from "./socket-datagrams.js";
import { removeStaleSocket, SocketFile } from "./socket-file.js";
import { checkDatagramSocket } from "./takeover.js";

/** Where datagrams go to or come from: a host and a port, and for IPv6 an interface, or the path of a Unix socket. */
export type DatagramAddress = Place | UnixPath;

/** Options of `createDatagramEndpoint`. */
export interface DatagramEndpointOptions {
  /** AF_INET or AF_INET6 to use addresses of that family alone; AF_UNIX for paths. */
  family?: number;
  /** IPPROTO_UDP, or 0. */
  proto?: number;
  /** AI_ flags for looking hosts up. */
  flags?: number;
  /** Lets another socket that says so too be bound to the same address, and so take datagrams away; false by default. */
  reuseAddress?: boolean;
  /** Whether several sockets that all say so may share one address; the kernel then shares the datagrams out. */
  reusePort?: boolean;
  /** Whether datagrams may be sent to broadcast addresses. The socket is not connected then. */
  allowBroadcast?: boolean;
  /** A datagram socket to take over, instead of all of the above. */
  sock?: Socket;
}

const KNOWN = ["family", "proto", "flags", "reuseAddress", "reusePort", "allowBroadcast", "sock"];

/** One kind of socket, and what it is to be bound and connected to. */
interface Candidate {
  readonly family: number;
  readonly proto: number;
  local: Address | null;
  remote: Address | null;
}

/** Makes one; see `EventLoop.createDatagramEndpoint`. */
export function createDatagramEndpoint<P extends DatagramProtocol>(
  loop: EventLoop,
  protocolFactory: () => P,
  localAddr: DatagramAddress | null | undefined,
  remoteAddr: DatagramAddress | null | undefined,
  options: DatagramEndpointOptions,
): Future<[transport: DatagramTransport, protocol: P]> {
  checkDescriptors(loop);
  checkProtocolFactory(protocolFactory);
  checkArguments(loop, localAddr, remoteAddr, options);
  return new Operation(
    loop,
    open(loop, protocolFactory, localAddr ?? null, remoteAddr ?? null, options),
    ([transport]) => transport.abort(),
  );
}

function checkArguments(
  loop: EventLoop,
  localAddr: unknown,
  remoteAddr: unknown,
  options: DatagramEndpointOptions,
): void {
  checkOptions("createDatagramEndpoint", options, KNOWN);
  const { sock, family, proto, flags, reuseAddress, reusePort, allowBroadcast } = options;
  checkResolution(options);
  for (const [name, value] of Object.entries({ reuseAddress, reusePort, allowBroadcast })) checkBoolean(name, value);
  if (sock !== undefined && sock !== null) {
    checkAbsent("sock is given", {
      ...{ localAddr, remoteAddr, family, proto, flags },
      ...{ reuseAddress: reuseAddress || null, reusePort: reusePort || null, allowBroadcast: allowBroadcast || null },
    });
    checkDatagramSocket(loop, sock);
    return;
  }
  checkDatagramAddresses(localAddr, remoteAddr, family ?? 0);
}

/**
 * Tests where an endpoint is to be, and whom it is to talk to.
 *
 * @throws TypeError `ERR_INVALID_ADDRESS`, `ERR_INVALID_ARG_TYPE`; ValueError `ERR_INVALID_ADDRESS`, `ERR_OUT_OF_RANGE`, `ERR_NO_ADDRESS`
 */
export function checkDatagramAddresses(localAddr: unknown, remoteAddr: unknown, family: number): void {
  // A path beside a host is found out here, and not when the host is looked up.
  const wanted = family || ([localAddr, remoteAddr].some(isPath) ? AF_UNIX : 0);
  for (const [name, address] of Object.entries({ localAddr, remoteAddr })) {
    if (address !== undefined && address !== null) checkDatagramAddress(name, address, wanted);
  }
  if ((localAddr ?? remoteAddr ?? null) === null && !family) {
    const hint = "give a localAddr, a remoteAddr, or the family of the socket";
    throw new ValueError("ERR_NO_ADDRESS", `unexpected address family: ${hint}`);
  }
}

/** Whether it is the path of a Unix socket. */
export function isPath(address: unknown): address is UnixPath {
  return typeof address === "string" || types.isUint8Array(address);
}

function checkDatagramAddress(name: string, address: unknown, family: number): void {
  if (isPath(address)) {
    checkAddress(AF_UNIX, address);
    if (family === AF_UNIX) return;
    throw new ValueError("ERR_INVALID_ADDRESS", `The option ${name} is a path, and the family ${family} has none`);
  }
  if (typeof address !== "object" || address === null || Array.isArray(address) || family === AF_UNIX) {
    const wanted = family === AF_UNIX ? "a path" : "{ host, port } or a path";
    throw typeError("ERR_INVALID_ADDRESS", `The argument ${name} must be ${wanted}, not ${describe(address)}`);
  }
  if (!("host" in address) && !("port" in address)) {
    const hint = "options come after both addresses, of which either may be null";
    throw typeError("ERR_INVALID_ADDRESS", `The argument ${name} has neither a host nor a port: ${hint}`);
  }
  if (!("host" in address)) {
    const hint = "it must be { host, port }, of which the host may be null";
    throw typeError("ERR_INVALID_ADDRESS", `The argument ${name} has a port and no host: ${hint}`);
  }
  const { host, port, ...more } = address as Place;
  checkHost(host);
  checkPort(port);
  checkInterface(more);
}

function* open<P extends DatagramProtocol>(
  loop: EventLoop,
  protocolFactory: () => P,
  localAddr: DatagramAddress | null,
  remoteAddr: DatagramAddress | null,
  options: DatagramEndpointOptions,
): Work<[transport: DatagramTransport, protocol: P]> {
  let socket: Socket;
  let peer: Address | null;
  if (options.sock) {
    socket = options.sock;
    peer = peerOf(socket);
  } else {
    const candidates = yield* findCandidates(loop, localAddr, remoteAddr, options);
    [socket, peer] = yield* firstThatWorks(loop, candidates, options);
  }
  const connected = peer !== null && !options.allowBroadcast;
  const file = socket.family === AF_UNIX && !options.sock ? SocketFile.of(socket) : null;
  const pair = yield* introduce(
    protocolFactory,
    (protocol) => new SocketDatagrams(loop, socket, protocol, { peer, connected, file }),
    () => {
      file?.remove();
      socket._close();
    },
  );
  if (isLogged(loop)) {
    const names = `localAddr=${show(localAddr)} remoteAddr=${show(remoteAddr)}`;
    writeDown(`Datagram endpoint ${names} created: ${pairText(...pair)}`);
  }
  return pair;
}

/** The pairs of addresses to try, in the order in which the resolver gave them. */
function* findCandidates(
  loop: EventLoop,
  localAddr: DatagramAddress | null,
  remoteAddr: DatagramAddress | null,
  { family = 0, proto = 0, flags = 0 }: DatagramEndpointOptions,
): Work<Candidate[]> {
  if (isPath(localAddr) || isPath(remoteAddr)) {
    return [{ family: AF_UNIX, proto, local: localAddr as UnixPath | null, remote: remoteAddr as UnixPath | null }];
  }
  if (localAddr === null && remoteAddr === null) return [{ family, proto, local: null, remote: null }];
  const found = new Map<string, Candidate>();
  for (const [side, address] of [
    ["local", localAddr],
    ["remote", remoteAddr],
  ] as const) {
    if (address === null) continue;
    const infos = yield* resolvePlace(loop, address as Place, { family, type: SOCK_DGRAM, proto, flags });
    for (const info of infos) join(found, side, info);
  }
  const complete = [...found.values()].filter(
    ({ local, remote }) => (localAddr === null || local !== null) && (remoteAddr === null || remote !== null),
  );
  if (complete.length > 0) return complete;
  const hint = "localAddr and remoteAddr have no address family in common";
  throw new ValueError("ERR_NO_ADDRESS", `can not get address information: ${hint}`);
}

function join(found: Map<string, Candidate>, side: "local" | "remote", info: AddressInfo): void {
  const { family, proto, address } = info;
  const key = `${family} ${proto}`;
  const candidate = found.get(key) ?? { family, proto, local: null, remote: null };
  candidate[side] = address;
  found.set(key, candidate);
}

/** Answers the first socket that can be had, and the peer it is to talk to. Throws the first error if there is none. */
function* firstThatWorks(
  loop: EventLoop,
  candidates: Candidate[],
  options: DatagramEndpointOptions,
): Work<[socket: Socket, peer: Address | null]> {
  const errors: unknown[] = [];
  for (const candidate of candidates) {
    let socket: Socket | null = null;
    try {
      socket = new Socket(candidate.family, SOCK_DGRAM, candidate.proto);
      prepare(socket, candidate, options);
      if (candidate.remote !== null && !options.allowBroadcast) yield* sockConnect(loop, socket, candidate.remote);
      return [socket, candidate.remote];
    } catch (error) {
      if (socket !== null) discard(socket, candidate);
      if (error instanceof CancelledError) throw error;
      errors.push(error);
    }
  }
  throw errors[0];
}

function prepare(socket: Socket, { local }: Candidate, options: DatagramEndpointOptions): void {
  const { reuseAddress, reusePort, allowBroadcast } = options;
  if (reuseAddress) socket.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1);
  if (reusePort) socket.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1);
  if (allowBroadcast) socket.setsockopt(SOL_SOCKET, SO_BROADCAST, 1);
  if (local === null) return;
  if (socket.family === AF_UNIX) removeStaleSocket(local as UnixPath);
  socket.bind(local);
}

/** Closes a socket that is of no use after all, and removes its file if it was bound already. */
function discard(socket: Socket, { family, local }: Candidate): void {
  if (family === AF_UNIX && local !== null) SocketFile.of(socket)?.remove();
  socket._close();
}

function peerOf(socket: Socket): Address | null {
  try {
    return socket.getpeername();
  } catch {
    return null;
  }
}
