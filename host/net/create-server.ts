/**
 * Making TCP servers.
 *
 * Owns: the arguments of `createServer`; one socket for each address of its hosts, all of them or none.
 *
 * Does not own: the server afterwards (`server.ts`).
 *
 * From: CPython 3.13 base_events `create_server`. Differs: equal addresses are removed in the
 * order of the hosts; options that `sock` makes meaningless are errors. A name or the absence of a host may have an
 * IPv6 address that this machine does not, which is then left out.
 */

import { checkAbsent, checkBoolean } from "../arguments.js";
import {
  AF_INET6,
  AI_PASSIVE,
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  SO_KEEPALIVE,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../constants.js";
import { describe, typeError, ValueError } from "../errors.js";
import type { Future } from "../futures/future.js";
import { Operation, type Work } from "../futures/operation.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { StreamProtocol } from "../protocols.js";
import { type Address, formatAddress, type InetAddress } from "./address.js";
import { checkDescriptors, checkHost, checkPort, checkProtocolFactory, checkResolution } from "./options.js";
import { type AddressInfo, resolve } from "./resolve.js";
import type { Server, ServingOptions } from "./server.js";
import { checkServing, serve } from "./serving.js";
import { Socket } from "./socket.js";
import { checkStreamSocket } from "./takeover.js";

/** Options of `createServer`. */
export interface ServerOptions<A extends Address = InetAddress> extends ServingOptions {
  /** AF_INET or AF_INET6 to listen on addresses of that family alone. */
  family?: number;
  /** AI_ flags for looking hosts up; AI_PASSIVE by default. */
  flags?: number;
  /** A bound stream socket to take over, instead of a host and a port. */
  sock?: Socket<A>;
  /** Whether to listen on a port that connections of an earlier server still occupy; true by default. */
  reuseAddress?: boolean;
  /** Whether several sockets that all say so may listen on one port; false by default. */
  reusePort?: boolean;
  /** Whether the kernel asks peers that are silent for long whether they are still there; false by default. */
  keepAlive?: boolean;
}

const KNOWN = ["family", "flags", "sock", "backlog", "reuseAddress", "reusePort", "keepAlive", "startServing"];

/** Listens; see `EventLoop.createServer`. */
export function createServer<A extends Address>(
  loop: EventLoop,
  protocolFactory: () => StreamProtocol,
  host: string | readonly string[] | null | undefined,
  port: number | string | null | undefined,
  options: ServerOptions<A>,
): Future<Server<A>> {
  checkDescriptors(loop);
  checkProtocolFactory(protocolFactory);
  checkArguments(loop, host, port, options);
  return new Operation(loop, listen(loop, protocolFactory, host ?? null, port ?? null, options), (server) =>
    server.close(),
  );
}

function checkArguments(loop: EventLoop, host: unknown, port: unknown, options: ServerOptions<Address>): void {
  checkServing("createServer", options, KNOWN);
  const { sock, reuseAddress, reusePort, keepAlive, family, flags } = options;
  for (const each of Array.isArray(host) ? host : [host]) checkHost(each);
  checkPort(port);
  checkResolution(options);
  for (const [name, value] of Object.entries({ reuseAddress, reusePort, keepAlive })) checkBoolean(name, value);
  if (sock !== undefined && sock !== null) {
    checkAbsent("sock is given", { host, port, family, flags, reuseAddress, reusePort, keepAlive });
    checkStreamSocket(loop, sock);
    return;
  }
  if ((host ?? port ?? null) === null) {
    throw new ValueError("ERR_NO_ADDRESS", "Neither host/port nor sock were specified: say where to listen");
  }
  if (Array.isArray(host) && (host.length === 0 || host.some((each) => typeof each !== "string"))) {
    throw typeError("ERR_INVALID_ARG_TYPE", `The hosts must be one or more strings, not ${describe(host)}`);
  }
}

function* listen<A extends Address>(
  loop: EventLoop,
  protocolFactory: () => StreamProtocol,
  host: string | readonly string[] | null,
  port: number | string | null,
  options: ServerOptions<A>,
): Work<Server<A>> {
  const { sock } = options;
  const sockets = sock ? [sock] : (bindAll(yield* resolveAll(loop, host, port, options), options) as Socket<A>[]);
  return yield* serve(loop, protocolFactory, sockets, options);
}

interface Candidate {
  info: AddressInfo;
  /** Whether the user wrote this very address. */
  literal: boolean;
}

function* resolveAll(
  loop: EventLoop,
  host: string | readonly string[] | null,
  port: number | string | null,
  { family, flags = AI_PASSIVE }: ServerOptions<Address>,
): Work<Candidate[]> {
  const hosts = host === null || typeof host === "string" ? [host] : host;
  const candidates = new Map<string, Candidate>();
  for (const each of hosts) {
    const wanted = { type: SOCK_STREAM, flags, ...(family === undefined ? {} : { family }) };
    for (const info of yield* resolve(loop, each || null, port, wanted)) {
      const key = JSON.stringify([info.family, info.proto, info.address]);
      if (!candidates.has(key)) candidates.set(key, { info, literal: info.address.host === each });
    }
  }
  return [...candidates.values()];
}

/** Makes and binds a socket for each address, or none at all. */
function bindAll(candidates: Candidate[], options: ServerOptions<Address>): Socket[] {
  const sockets: Socket[] = [];
  let missing: unknown;
  try {
    for (const { info, literal } of candidates) {
      try {
        sockets.push(bindOne(info, options));
      } catch (error) {
        if (literal || !isFamilyMissing(error, info)) throw error;
        missing = error;
      }
    }
    if (sockets.length === 0) throw missing ?? new ValueError("ERR_NO_ADDRESS", "getaddrinfo() returned empty list");
  } catch (error) {
    for (const socket of sockets) socket._close();
    throw error;
  }
  return sockets;
}

function bindOne({ family, type, proto, address }: AddressInfo, options: ServerOptions<Address>): Socket {
  const socket = new Socket(family, type, proto);
  try {
    if (options.reuseAddress ?? true) socket.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1);
    if (options.reusePort) socket.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1);
    // What it accepts inherits it.
    if (options.keepAlive) socket.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1);
    // The IPv4 address of the same host has a socket of its own.
    if (family === AF_INET6) socket.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, 1);
    socket.bind(address);
    return socket;
  } catch (error) {
    socket._close();
    throw bindError(error, formatAddress(address));
  }
}

function bindError(error: unknown, address: string): unknown {
  if (error instanceof Error && (error as NodeJS.ErrnoException).syscall === "bind") {
    error.message += ` (error while attempting to bind on address ${address})`;
  }
  return error;
}

/** Whether the kernel does without the family, or without an IPv6 address that others have. */
function isFamilyMissing(error: unknown, { family }: AddressInfo): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "EAFNOSUPPORT" || (code === "EADDRNOTAVAIL" && family === AF_INET6);
}
