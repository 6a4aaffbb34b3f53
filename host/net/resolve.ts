/**
 * From a host and a port to addresses.
 *
 * Owns: numeric hosts and the absence of one, answered at once; which socket types go with which protocols.
 *
 * Does not own: looking names up, which `node:dns` does with the C library's getaddrinfo on a thread. What it has no
 * option for (canonical names, service names) is refused by name.
 *
 * From: CPython 3.11 base_events `_ipaddr_info` and glibc's getaddrinfo. Differs: numeric hosts never leave the thread,
 * also without a socket type.
 */

import { ADDRCONFIG, ALL, type LookupAddress, V4MAPPED } from "node:dns";
import { lookup } from "node:dns/promises";
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  AI_ADDRCONFIG,
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
import { describe, typeError, UnsupportedError, ValueError } from "../errors.js";
import { formatIPv6, parseIPv4, parseIPv6 } from "../sys/sockaddr.js";
import type { InetAddress } from "./address.js";
import { checkInteger } from "./checks.js";

/** One way to reach a host: what to make a socket with, and what to connect or bind it to. */
export interface AddressInfo {
  family: number;
  type: number;
  proto: number;
  /** Always empty as yet. */
  canonname: string;
  address: InetAddress;
}

/** What the addresses are wanted for. 0 leaves a choice open. */
export interface ResolveOptions {
  /** AF_INET, AF_INET6 or AF_UNSPEC. */
  family?: number;
  /** SOCK_STREAM, SOCK_DGRAM, SOCK_RAW or 0 for each of them. */
  type?: number;
  proto?: number;
  /** AI_ flags: PASSIVE, NUMERICHOST, NUMERICSERV, ADDRCONFIG, V4MAPPED, ALL. */
  flags?: number;
}

const PORT_MAX = 0xffff;
const INT_MAX = 0x7fffffff;
const FLAGS_KNOWN = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV | AI_ADDRCONFIG | AI_V4MAPPED | AI_ALL;

/** What glibc answers for an open choice, in its order. A raw socket takes any protocol. */
const KINDS = [
  { type: SOCK_STREAM, proto: IPPROTO_TCP },
  { type: SOCK_DGRAM, proto: IPPROTO_UDP },
  { type: SOCK_RAW, proto: 0 },
];

interface Kind {
  type: number;
  proto: number;
}

/**
 * Finds the addresses of a host, best first.
 *
 * @param host A name or a numeric address. null is every address of this machine with AI_PASSIVE, else its loopback ones.
 * @param port 0 to 65535, as a number or in decimal; null is 0.
 * @throws Error `ENOTFOUND` or another code of `dns.lookup`; `EAI_…` as getaddrinfo names what cannot be had together
 * @throws ValueError `ERR_OUT_OF_RANGE`; TypeError; UnsupportedError `ERR_UNSUPPORTED_RESOLVE`
 */
export async function resolveAddresses(
  host: string | null | undefined,
  port: number | string | null | undefined,
  options: ResolveOptions = {},
): Promise<AddressInfo[]> {
  const { family, flags, kinds } = checkOptions(options);
  const portNumber = checkPort(port);
  checkHost(host);
  const addresses =
    host === null || host === undefined
      ? ownAddresses(family, flags, portNumber)
      : (numericAddress(host, family, flags, portNumber) ?? (await lookUp(host, family, flags, portNumber)));
  return addresses.flatMap((address) => kinds.map((kind) => addressInfo(kind, address)));
}

/**
 * The address of a numeric host, without ever waiting.
 *
 * @returns null if the host is none, of another family, or a name; if the port is a service name; or if the type is
 * neither SOCK_STREAM nor SOCK_DGRAM: cases for `resolveAddresses`
 * @throws ValueError `ERR_OUT_OF_RANGE` for the port; TypeError
 */
export function parseNumeric(
  host: string | null | undefined,
  port: number | string | null | undefined,
  options: ResolveOptions = {},
): AddressInfo | null {
  const { family = AF_UNSPEC, type = 0, proto = 0 } = options;
  const kind = KINDS.find((known) => known.type === type && (proto === 0 || known.proto === proto));
  if (kind === undefined || kind.type === SOCK_RAW || typeof host !== "string" || isServiceName(port)) return null;
  const address = parseHost(host, checkPort(port));
  if (address === null || (family !== AF_UNSPEC && familyOf(address) !== family)) return null;
  return addressInfo(kind, address);
}

function checkOptions(options: ResolveOptions): { family: number; flags: number; kinds: Kind[] } {
  const { family = AF_UNSPEC, type = 0, proto = 0, flags = 0 } = options;
  checkInteger("The family", family, 0, INT_MAX);
  checkInteger("The type", type, 0, INT_MAX);
  checkInteger("The proto", proto, 0, INT_MAX);
  checkInteger("The flags", flags, 0, INT_MAX);
  if (family !== AF_UNSPEC && family !== AF_INET && family !== AF_INET6) throw resolveError("EAI_FAMILY");
  if (flags & AI_CANONNAME) throw unsupported("Canonical names are not looked up: leave AI_CANONNAME out.");
  if (flags & ~FLAGS_KNOWN) throw resolveError("EAI_BADFLAGS");
  const kinds =
    type === SOCK_RAW
      ? [{ type, proto }]
      : KINDS.filter((kind) => (type === 0 || kind.type === type) && (proto === 0 || kind.proto === proto));
  if (kinds.length === 0) throw resolveError("EAI_SOCKTYPE");
  return { family, flags, kinds };
}

function checkHost(host: unknown): void {
  if (host === null || host === undefined) return;
  if (typeof host !== "string") {
    throw typeError("ERR_INVALID_ARG_TYPE", `The host must be a string or null, not ${describe(host)}.`);
  }
  if (host.includes("\0")) {
    throw new ValueError("ERR_INVALID_ADDRESS", `The host has a NUL inside: ${JSON.stringify(host)}.`);
  }
}

function checkPort(port: number | string | null | undefined): number {
  if (port === null || port === undefined || port === "") return 0;
  if (isServiceName(port))
    throw unsupported(`Service names are not looked up: give the port of "${port}" as a number.`);
  return checkInteger("The port", typeof port === "string" ? Number(port) : port, 0, PORT_MAX);
}

function isServiceName(port: number | string | null | undefined): boolean {
  return typeof port === "string" && !/^\d*$/.test(port);
}

/** In glibc's order. */
function ownAddresses(family: number, flags: number, port: number): InetAddress[] {
  const hosts = flags & AI_PASSIVE ? ["0.0.0.0", "::"] : ["::1", "127.0.0.1"];
  const addresses = hosts.map((host) =>
    host.includes(":") ? { host, port, flowinfo: 0, scopeId: 0 } : { host, port },
  );
  return addresses.filter((address) => family === AF_UNSPEC || familyOf(address) === family);
}

/** @returns null if the host is a name */
function numericAddress(host: string, family: number, flags: number, port: number): InetAddress[] | null {
  const address = parseHost(host, port);
  if (address === null) return null;
  if (family === AF_UNSPEC || familyOf(address) === family) return [address];
  if (family === AF_INET6 && flags & AI_V4MAPPED) return numericAddress(`::ffff:${host}`, family, flags, port);
  throw resolveError("EAI_ADDRFAMILY", host);
}

async function lookUp(host: string, family: number, flags: number, port: number): Promise<InetAddress[]> {
  if (host === "" || flags & AI_NUMERICHOST) throw resolveError("ENOTFOUND", host);
  const hints =
    (flags & AI_ADDRCONFIG ? ADDRCONFIG : 0) | (flags & AI_V4MAPPED ? V4MAPPED : 0) | (flags & AI_ALL ? ALL : 0);
  const version = family === AF_UNSPEC ? 0 : family === AF_INET ? 4 : 6;
  const found: LookupAddress[] = await lookup(host, { all: true, verbatim: true, family: version, hints });
  return found.flatMap(({ address }) => parseHost(address, port) ?? []);
}

function parseHost(host: string, port: number): InetAddress | null {
  if (parseIPv4(host) >= 0) return { host, port };
  const parsed = host.includes(":") ? parseIPv6(host) : null;
  return parsed && { host: formatIPv6(parsed.bytes), port, flowinfo: 0, scopeId: parsed.scopeId };
}

function familyOf(address: InetAddress): number {
  return address.host.includes(":") ? AF_INET6 : AF_INET;
}

function addressInfo(kind: Kind, address: InetAddress): AddressInfo {
  return { family: familyOf(address), type: kind.type, proto: kind.proto, canonname: "", address: { ...address } };
}

function unsupported(message: string): UnsupportedError {
  return new UnsupportedError("ERR_UNSUPPORTED_RESOLVE", message);
}

/** The errors that getaddrinfo would answer, in the shape of those that `dns.lookup` throws. */
const RESOLVE_ERRORS = {
  EAI_ADDRFAMILY: { errno: -3000, text: "the host has no address of the family that is wanted" },
  EAI_BADFLAGS: { errno: -3002, text: "flags that getaddrinfo does not have" },
  EAI_FAMILY: { errno: -3005, text: "the family must be AF_INET, AF_INET6 or AF_UNSPEC" },
  EAI_SOCKTYPE: { errno: -3011, text: "no socket is of this type and proto" },
  ENOTFOUND: { errno: -3008, text: "" },
};

function resolveError(code: keyof typeof RESOLVE_ERRORS, hostname?: string): NodeJS.ErrnoException {
  const { errno, text } = RESOLVE_ERRORS[code];
  const message = `getaddrinfo ${code}${text && `: ${text}`}${hostname === undefined ? "" : ` ${hostname}`}`;
  return Object.assign(new Error(message), { errno, code, syscall: "getaddrinfo", hostname });
}
