/**
 * Connecting and listening in a virtual network.
 *
 * Owns: the arguments of these calls. What a virtual network has no use for is refused, not ignored.
 *
 * Does not own: the network (`virtual-network.ts`), the checks that real loops do as well (`net/`).
 */
import { checkBoolean, checkOptions } from "../arguments.js";
import { AF_INET, AF_UNIX } from "../constants.js";
import { describe, typeError, UnsupportedError, ValueError } from "../errors.js";
import type { Future } from "../futures/future.js";
import { Operation, type Work } from "../futures/operation.js";
import { OwnFuture } from "../futures/own-future.js";
import type { EventLoop } from "../loop/event-loop.js";
import { type Address, addressDetails, type InetAddress, type UnixPath } from "../net/address.js";
import type { ConnectionOptions } from "../net/connect.js";
import type { ServerOptions } from "../net/create-server.js";
import {
  checkDatagramAddresses,
  type DatagramAddress,
  type DatagramEndpointOptions,
  isPath,
} from "../net/datagram-endpoint.js";
import type { DatagramTransport } from "../net/datagram-transport.js";
import { introduce } from "../net/introduce.js";
import { checkHost, checkPort, checkProtocolFactory, checkResolution } from "../net/options.js";
import type { Server, ServingOptions } from "../net/server.js";
import { checkServing, serveAt } from "../net/serving.js";
import type { Transport } from "../net/transport.js";
import { checkPlace, type UnixConnectionOptions, type UnixPathLike } from "../net/unix-connect.js";
import type { UnixServerOptions } from "../net/unix-server.js";
import type { DatagramProtocol, StreamProtocol } from "../protocols.js";
import { EACCES } from "../sys/errno.js";
import { systemError } from "../sys/errors.js";
import { BROADCAST, destinationOf, EVERY_HOST, hostNamed } from "./virtual-address.js";
import { VirtualDatagrams, type VirtualDatagramsOptions } from "./virtual-datagrams.js";
import { VirtualDoor } from "./virtual-door.js";
import type { VirtualEnd } from "./virtual-end.js";
import type { VirtualNetwork } from "./virtual-network.js";
import { VirtualTransport } from "./virtual-transport.js";

/** Where a call is made. */
export interface Place {
  readonly loop: EventLoop;
  readonly network: VirtualNetwork;
}

/** Connects to a host and a port; see `EventLoop.createConnection`. */
export function connectToHost<P extends StreamProtocol>(
  place: Place,
  protocolFactory: () => P,
  host: string | null | undefined,
  port: number | string | null | undefined,
  options: ConnectionOptions,
): Future<[transport: Transport, protocol: P]> {
  place.loop._scheduler.checkOpen();
  checkProtocolFactory(protocolFactory);
  refuse("createConnection", options, []);
  checkSomewhere(host, port, "connect");
  const address = destinationOf({ host: hostNamed(host ?? ""), port: numberOf(port) });
  return begin(place, protocolFactory, address);
}

/** Connects to a path; see `EventLoop.createUnixConnection`. */
export function connectToPath<P extends StreamProtocol>(
  place: Place,
  protocolFactory: () => P,
  path: UnixPathLike | null | undefined,
  options: UnixConnectionOptions,
): Future<[transport: Transport, protocol: P]> {
  place.loop._scheduler.checkOpen();
  checkProtocolFactory(protocolFactory);
  refuse("createUnixConnection", options, []);
  return begin(place, protocolFactory, pathOf(place, path, "connect"));
}

/** Listens at hosts and a port; see `EventLoop.createServer`. */
export function listenAtHosts<A extends Address>(
  place: Place,
  protocolFactory: () => StreamProtocol,
  host: string | readonly string[] | null | undefined,
  port: number | string | null | undefined,
  options: ServerOptions<A>,
): Future<Server<A>> {
  place.loop._scheduler.checkOpen();
  checkProtocolFactory(protocolFactory);
  refuse("createServer", options, ["backlog", "startServing"]);
  checkServing("createServer", options, Object.keys(options));
  const hosts = Array.isArray(host) ? host : [host ?? null];
  for (const each of hosts) checkSomewhere(each, port, "listen");
  if (hosts.length === 0) throw typeError("ERR_INVALID_ARG_TYPE", `The hosts must be one or more strings, not []`);
  const wanted = numberOf(port);
  const addresses = [...new Set(hosts.map((each) => (each ? hostNamed(each) : EVERY_HOST)))].map(
    (name): InetAddress => {
      return { host: name, port: place.network._portFor(wanted) };
    },
  );
  return listen(place, protocolFactory, addresses as A[], options);
}

/** Listens at a path; see `EventLoop.createUnixServer`. */
export function listenAtPath(
  place: Place,
  protocolFactory: () => StreamProtocol,
  path: UnixPathLike | null | undefined,
  options: UnixServerOptions,
): Future<Server<UnixPath>> {
  place.loop._scheduler.checkOpen();
  checkProtocolFactory(protocolFactory);
  refuse("createUnixServer", options, ["backlog", "startServing"]);
  checkServing("createUnixServer", options, Object.keys(options));
  return listen(place, protocolFactory, [pathOf(place, path, "listen")], options);
}

/** Opens an endpoint for datagrams; see `EventLoop.createDatagramEndpoint`. */
export function openDatagrams<P extends DatagramProtocol>(
  place: Place,
  protocolFactory: () => P,
  localAddr: DatagramAddress | null | undefined,
  remoteAddr: DatagramAddress | null | undefined,
  options: DatagramEndpointOptions,
): Future<[transport: DatagramTransport, protocol: P]> {
  const { loop } = place;
  loop._scheduler.checkOpen();
  checkProtocolFactory(protocolFactory);
  refuse("createDatagramEndpoint", options, ["family", "allowBroadcast"]);
  const { family = 0, allowBroadcast = false } = options;
  checkResolution({ family });
  checkBoolean("allowBroadcast", allowBroadcast);
  checkDatagramAddresses(localAddr, remoteAddr, family);
  if (family === AF_UNIX || isPath(localAddr) || isPath(remoteAddr)) {
    throw unsupported("paths for datagrams: pass hosts and ports");
  }
  if (family !== 0 && family !== AF_INET) throw unsupported("families but AF_INET: leave the option family out");
  const peer = remoteAddr ? endpointAt(remoteAddr) : null;
  const local = localAddr ? endpointAt(localAddr) : { host: EVERY_HOST, port: 0 };
  return new Operation(loop, bind(place, protocolFactory, local, { peer, allowBroadcast }), ([transport]) =>
    transport.abort(),
  );
}

function* bind<P extends DatagramProtocol>(
  { loop, network }: Place,
  protocolFactory: () => P,
  local: InetAddress,
  options: Omit<VirtualDatagramsOptions, "sockname">,
): Work<[transport: DatagramTransport, protocol: P]> {
  const post = network._datagrams;
  const bound = post.bind(local);
  const { peer, allowBroadcast } = options;
  const isConnected = peer !== null && !allowBroadcast;
  if (isConnected && peer.host === BROADCAST) throw systemError("connect", EACCES, addressDetails(peer));
  // A connected endpoint is at one host, even if it was bound to all.
  const sockname = Object.freeze(isConnected ? destinationOf(bound) : bound);
  post.take(sockname);
  return yield* introduce(
    protocolFactory,
    (protocol) => new VirtualDatagrams(loop, post, protocol, { ...options, sockname }),
    () => post.leave(sockname),
  );
}

function endpointAt({ host, port }: { host: string | null; port?: number | string | null }): InetAddress {
  return { host: hostNamed(host ?? ""), port: numberOf(port) };
}

function begin<P extends StreamProtocol>(
  place: Place,
  protocolFactory: () => P,
  address: Address,
): Future<[transport: Transport, protocol: P]> {
  return new Operation(place.loop, connect(place, protocolFactory, address), ([transport]) => transport.abort());
}

function* connect<P extends StreamProtocol>(
  { loop, network }: Place,
  protocolFactory: () => P,
  address: Address,
): Work<[transport: Transport, protocol: P]> {
  // The call may be cancelled before the connection is there, and also between that and its going on.
  const connected = new OwnFuture<VirtualEnd>(loop, (end) => end.close());
  network._connect(address, (error, end) => {
    if (connected.done()) end?.close();
    else if (end === null) connected._failWith(error as Error);
    else connected._succeed(end);
  });
  const end = yield* connected;
  return yield* introduce(
    protocolFactory,
    (protocol) => new VirtualTransport(loop, end, protocol),
    () => end.close(),
  );
}

function listen<A extends Address>(
  place: Place,
  protocolFactory: () => StreamProtocol,
  addresses: readonly A[],
  { startServing = true }: ServingOptions,
): Future<Server<A>> {
  return new Operation(place.loop, open(place, protocolFactory, addresses, startServing), (server) => server.close());
}

function* open<A extends Address>(
  { loop, network }: Place,
  protocolFactory: () => StreamProtocol,
  addresses: readonly A[],
  startServing: boolean,
): Work<Server<A>> {
  const doors: VirtualDoor<A>[] = [];
  try {
    for (const address of addresses) {
      const door = new VirtualDoor(loop, network, address, protocolFactory);
      network._enter(door);
      doors.push(door);
    }
  } catch (error) {
    for (const door of doors) door.close();
    throw error;
  }
  return yield* serveAt(loop, doors, startServing);
}

/** Refuses every option that is given, but those. */
function refuse(call: string, options: object, known: readonly string[]): void {
  checkOptions(call, options, Object.keys(options ?? {}));
  for (const [name, value] of Object.entries(options)) {
    if (known.includes(name) || value === undefined || value === null) continue;
    throw unsupported(`use for the option ${name} of ${call}(): leave it out`);
  }
}

/** @param what what the network does not have, and what to do about it */
function unsupported(what: string): UnsupportedError {
  return new UnsupportedError(
    "ERR_VIRTUAL_NETWORK",
    `The network of a VirtualEventLoop has no ${what}, or use an EventLoop`,
  );
}

function checkSomewhere(host: unknown, port: unknown, what: string): void {
  checkHost(host);
  checkPort(port);
  if ((host ?? port ?? null) !== null) return;
  throw new ValueError("ERR_NO_ADDRESS", `Neither host nor port was specified: say where to ${what}`);
}

function pathOf({ loop }: Place, path: UnixPathLike | null | undefined, what: string): UnixPath {
  return checkPlace(loop, path, null, `path was not specified: say where to ${what}`) as UnixPath;
}

function numberOf(port: number | string | null | undefined): number {
  if (typeof port !== "string") return port ?? 0;
  if (/^\d+$/.test(port)) {
    const number = Number(port);
    checkPort(number);
    return number;
  }
  throw new UnsupportedError(
    "ERR_NO_LOOKUPS",
    `A VirtualEventLoop looks up no services: pass the number of a port, and not ${describe(port)}`,
  );
}
