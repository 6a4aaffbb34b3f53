/**
 * From a host and a port to addresses, and back.
 *
 * Owns: the arguments of `getaddrinfo` and `getnameinfo`; numeric addresses, which are answered without leaving the thread.
 *
 * Does not own: everything else, which goes to the C library (`lookups.ts`).
 *
 * From: CPython 3.13 base_events `getaddrinfo`, `getnameinfo` and `_ipaddr_info`. Differs: numeric hosts are answered at
 * once also by `getaddrinfo`, and without a type; a port that is no port is a ValueError; names outside ASCII are encoded
 * as browsers do it.
 */

import { isIPv6, SocketAddress } from "node:net";
import { domainToASCII } from "node:url";
import { types } from "node:util";
import { checkInteger, checkOptions, INT_MAX } from "../arguments.js";
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  AI_ALL,
  AI_CANONNAME,
  AI_NUMERICHOST,
  AI_NUMERICSERV,
  AI_PASSIVE,
  AI_V4MAPPED,
  IPPROTO_TCP,
  IPPROTO_UDP,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_STREAM,
} from "../constants.js";
import { describe, typeError, ValueError } from "../errors.js";
import type { Future } from "../futures/future.js";
import { Operation, type Work } from "../futures/operation.js";
import type { EventLoop } from "../loop/event-loop.js";
import {
  type AddressInfo,
  type AddressQuestion,
  askAddresses,
  askNames,
  looksUpNothing,
  type NameFailure,
} from "../sys/names.js";
import { parseIPv4 } from "../sys/sockaddr.js";
import { checkAddress, type InetAddress, type Place, PORT_MAX } from "./address.js";
import { Lookup, lookupError } from "./lookups.js";
import { checkHost } from "./options.js";

export type { AddressInfo };

/** What the addresses are wanted for. 0, which is the default of each, leaves the choice open. */
export interface ResolveOptions {
  /** AF_INET or AF_INET6. */
  family?: number;
  /** SOCK_STREAM, SOCK_DGRAM and so on. */
  type?: number;
  /** IPPROTO_TCP, IPPROTO_UDP and so on. */
  proto?: number;
  /** AI_ flags. */
  flags?: number;
}

const KNOWN = ["family", "type", "proto", "flags"];

/** Flags that mean nothing new for a numeric host. AI_ADDRCONFIG does: it asks the machine for its interfaces. */
const NUMERIC_FLAGS = AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST | AI_NUMERICSERV | AI_V4MAPPED | AI_ALL;

/** What glibc answers where the type is open, in its order. A raw socket takes any protocol. */
const KINDS = [
  { type: SOCK_STREAM, proto: IPPROTO_TCP },
  { type: SOCK_DGRAM, proto: IPPROTO_UDP },
  { type: SOCK_RAW, proto: 0 },
];

/** Finds the addresses of a host; see `EventLoop.getaddrinfo`. */
export function getaddrinfo(
  loop: EventLoop,
  host: string | null | undefined,
  port: number | string | null | undefined,
  options: ResolveOptions,
): Future<AddressInfo[]> {
  loop._scheduler.checkOpen();
  checkOptions("getaddrinfo", options, KNOWN);
  const question = checkQuestion(host, port, options);
  const infos = numericAnswer(question);
  return infos === null ? lookUpAddresses(loop, question) : new Operation(loop, later(infos));
}

/** Finds the names of an address; see `EventLoop.getnameinfo`. */
export function getnameinfo(
  loop: EventLoop,
  sockaddr: InetAddress,
  flags: number,
): Future<[host: string, service: string]> {
  loop._scheduler.checkOpen();
  checkInteger("The flags", flags, 0, INT_MAX);
  const family = isIPv6Host(sockaddr) ? AF_INET6 : AF_INET;
  const address = checkAddress(family, sockaddr) as InetAddress;
  const { host } = address;
  if (looksUpNothing(flags)) return new Operation(loop, askAtOnce(family, address, flags));
  loop._scheduler.driver.checkLookups();
  return new Lookup(loop, {
    syscall: "getnameinfo",
    host,
    ask: (answered) => askNames(family, address, flags, answered),
  });
}

/** Finds the addresses of a host as part of an operation: without a pause if it is numeric. @throws as `getaddrinfo` */
export function* resolve(
  loop: EventLoop,
  host: string | null | undefined,
  port: number | string | null | undefined,
  options: ResolveOptions,
): Work<AddressInfo[]> {
  const question = checkQuestion(host, port, options);
  return numericAnswer(question) ?? (yield* lookUpAddresses(loop, question));
}

/**
 * As `resolve`, for an address that may have a `flowinfo` and a `scopeId`: those that are IPv6 keep them.
 *
 * @throws as `getaddrinfo`
 */
export function* resolvePlace(
  loop: EventLoop,
  { host, port, flowinfo, scopeId }: Place,
  options: ResolveOptions,
): Work<AddressInfo[]> {
  const infos = yield* resolve(loop, host, port ?? 0, options);
  return infos.map(({ address, ...info }) => {
    if (info.family !== AF_INET6) return { address, ...info };
    const kept = { flowinfo: flowinfo || address.flowinfo || 0, scopeId: scopeId || address.scopeId || 0 };
    return { ...info, address: { ...address, ...kept } };
  });
}

function checkQuestion(host: unknown, port: unknown, options: ResolveOptions): AddressQuestion {
  const { family = AF_UNSPEC, type = 0, proto = 0, flags = 0 } = options;
  for (const [name, value] of Object.entries({ family, type, proto, flags })) {
    checkInteger(`The ${name}`, value, 0, INT_MAX);
  }
  checkHost(host);
  return {
    host: encodeHost(host as string | null | undefined),
    service: checkService(port),
    family,
    type,
    proto,
    flags,
  };
}

/** The host as the C library takes it: ASCII, or null. */
function encodeHost(host: string | null | undefined): string | null {
  if (host === null || host === undefined) return null;
  const ascii = /^[ -~]*$/.test(host) ? host : domainToASCII(host);
  if (ascii === "" && host !== "") {
    throw new ValueError("ERR_INVALID_ADDRESS", `The host ${JSON.stringify(host)} is neither an address nor a name`);
  }
  return ascii;
}

/** The port as the C library takes it: in decimal, or a service's name, or null. */
function checkService(port: unknown): string | null {
  if (port === null || port === undefined) return null;
  if (typeof port !== "string") return String(checkInteger("The port", port, 0, PORT_MAX));
  if (/^\d*$/.test(port)) return String(checkInteger("The port", Number(port), 0, PORT_MAX));
  if (!port.includes("\0")) return port;
  throw new ValueError("ERR_INVALID_ADDRESS", `The service has a NUL inside: ${JSON.stringify(port)}`);
}

/** What getaddrinfo would answer, or null if it has to be asked. */
function numericAnswer({ host, service, family, type, proto, flags }: AddressQuestion): AddressInfo[] | null {
  if (host === null || (service !== null && !/^\d+$/.test(service)) || (flags & ~NUMERIC_FLAGS) !== 0) return null;
  const kinds = KINDS.filter((kind) => (type === 0 || kind.type === type) && (proto === 0 || kind.proto === proto));
  const address = numericAddress(host, Number(service), family, flags);
  if (kinds.length === 0 || address === null) return null;
  return kinds.map((kind, index) => ({
    family: address.host.includes(":") ? AF_INET6 : AF_INET,
    ...kind,
    canonname: index === 0 && flags & AI_CANONNAME ? host : "",
    address: { ...address },
  }));
}

function numericAddress(host: string, port: number, family: number, flags: number): InetAddress | null {
  if (parseIPv4(host) >= 0) {
    if (family === AF_UNSPEC || family === AF_INET) return { host, port };
    return family === AF_INET6 && flags & AI_V4MAPPED
      ? { host: `::ffff:${host}`, port, flowinfo: 0, scopeId: 0 }
      : null;
  }
  // A scope may be the name of an interface.
  if ((family !== AF_UNSPEC && family !== AF_INET6) || host.includes("%") || !isIPv6(host)) return null;
  const { address } = new SocketAddress({ address: host, family: "ipv6" });
  return { host: address, port, flowinfo: 0, scopeId: 0 };
}

/** @throws UnsupportedError `ERR_NO_LOOKUPS` on a virtual loop */
function lookUpAddresses(loop: EventLoop, question: AddressQuestion): Future<AddressInfo[]> {
  loop._scheduler.driver.checkLookups();
  const { host } = question;
  return new Lookup(loop, { syscall: "getaddrinfo", host, ask: (answered) => askAddresses(question, answered) });
}

function* askAtOnce(family: number, address: InetAddress, flags: number): Work<[host: string, service: string]> {
  yield;
  const outcome: { failure?: NameFailure | null; names?: [host: string, service: string] | null } = {};
  askNames(family, address, flags, (failure, names) => Object.assign(outcome, { failure, names }));
  if (outcome.names) return outcome.names;
  throw lookupError(outcome.failure as NameFailure, "getnameinfo", address.host);
}

/** Answers in the next iteration, as if it had been looked up. */
function* later<T>(value: T): Work<T> {
  yield;
  return value;
}

function isIPv6Host(sockaddr: unknown): boolean {
  if (typeof sockaddr !== "object" || sockaddr === null || types.isUint8Array(sockaddr)) {
    throw typeError("ERR_INVALID_ADDRESS", `The address must be { host, port }, not ${describe(sockaddr)}`);
  }
  const { host } = sockaddr as { host?: unknown };
  return typeof host === "string" && host.includes(":");
}
