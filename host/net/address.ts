/**
 * Addresses as users write them.
 *
 * Owns: the tests that an address must pass before it goes to the kernel, and how it appears in messages and errors.
 *
 * Does not own: the layout in memory (`sys/sockaddr.ts`), nor names (`resolve.ts`): a socket takes numeric hosts only,
 * since looking a name up would block.
 *
 * From: CPython 3.11 socketmodule.c `getsockaddrarg`. Differs: CPython resolves names right there, blocking.
 */

import { types } from "node:util";
import { checkInteger } from "../arguments.js";
import { AF_INET, AF_INET6, AF_UNIX } from "../constants.js";
import { describe, typeError, ValueError } from "../errors.js";
import type { SystemErrorDetails } from "../sys/errors.js";
import {
  type Address,
  type InetAddress,
  isUnixPath,
  parseIPv4,
  parseIPv6,
  pathBytes,
  pathBytesMax,
  type UnixPath,
} from "../sys/sockaddr.js";

export type { Address, InetAddress, UnixPath };

/** An address that may have to be looked up: the host by its name, and the port by that of its service. */
export interface NamedAddress extends Omit<InetAddress, "port"> {
  port: number | string;
}

/** Where something is or comes from: the host may be a name, or left open, and so may the port. */
export interface Place extends Partial<Pick<InetAddress, "flowinfo" | "scopeId">> {
  host: string | null;
  port?: number | string | null;
}

/** Hosts that stand for a number, by family. */
const WORDS: ReadonlyMap<number, ReadonlyMap<string, string>> = new Map([
  [
    AF_INET,
    new Map([
      ["", "0.0.0.0"],
      ["<broadcast>", "255.255.255.255"],
    ]),
  ],
  [AF_INET6, new Map([["", "::"]])],
]);

/** The highest port. */
export const PORT_MAX = 0xffff;
const FLOWINFO_MAX = 0xfffff;
const SCOPE_ID_MAX = 0xffffffff;

/**
 * Answers an address that a socket of the family can use: for AF_UNIX a path, for the others a host and a port. The host
 * `""` is every address of the machine, and `"<broadcast>"` that of everybody on an IPv4 network.
 *
 * @throws TypeError `ERR_INVALID_ADDRESS` if it is not of the shape that the family needs
 * @throws ValueError `ERR_INVALID_ADDRESS` if the host is no numeric address of the family, or the path too long;
 * `ERR_OUT_OF_RANGE` for the numbers
 */
export function checkAddress(family: number, address: unknown): Address {
  if (family === AF_UNIX) return checkPath(address);
  if (family !== AF_INET && family !== AF_INET6) {
    throw new ValueError("ERR_INVALID_ADDRESS", `Sockets of address family ${family} have no addresses here`);
  }
  if (typeof address !== "object" || address === null || Array.isArray(address)) {
    throw typeError("ERR_INVALID_ADDRESS", `The address must be { host, port }, not ${describe(address)}`);
  }
  const { host, port, flowinfo = 0, scopeId = 0 } = address as Partial<InetAddress>;
  if (typeof host !== "string") {
    throw typeError("ERR_INVALID_ADDRESS", `The host of an address must be a string, not ${describe(host)}`);
  }
  checkInteger("The port of an address", port, 0, PORT_MAX);
  const number = checkHost(family, host);
  if (family === AF_INET) return { host: number, port: port as number };
  checkInteger("The flowinfo of an address", flowinfo, 0, FLOWINFO_MAX);
  checkInteger("The scopeId of an address", scopeId, 0, SCOPE_ID_MAX);
  return { host: number, port: port as number, flowinfo, scopeId };
}

/** Tests what a place says beside its host and port. @throws TypeError, ValueError as `checkInteger` */
export function checkInterface({ flowinfo, scopeId }: Partial<Place>): void {
  checkInteger("The flowinfo of an address", flowinfo ?? 0, 0, FLOWINFO_MAX);
  checkInteger("The scopeId of an address", scopeId ?? 0, 0, SCOPE_ID_MAX);
}

/** How an address reads in a message: `127.0.0.1:80`, `[::1]:80`, `/run/socket`, `@abstract`. */
export function formatAddress(address: Address | null): string {
  if (address === null) return "(unnamed)";
  if (isUnixPath(address)) return Buffer.from(address).toString().replaceAll("\0", "@") || "(unnamed)";
  const { host, port } = address;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** What a system error is to say of the address that a call was about. */
export function addressDetails(address: Address | undefined): SystemErrorDetails {
  if (address === undefined) return {};
  if (isUnixPath(address)) return { address: Buffer.from(address).toString() };
  return { address: address.host, port: address.port };
}

/** Answers the host as a number. */
function checkHost(family: number, host: string): string {
  const isNumeric = family === AF_INET ? parseIPv4(host) >= 0 : parseIPv6(host) !== null;
  if (isNumeric) return host;
  const number = WORDS.get(family)?.get(host);
  if (number !== undefined) return number;
  const wanted = family === AF_INET ? "IPv4" : "IPv6";
  const hint = "Resolve names first, with loop.getaddrinfo()";
  throw new ValueError(
    "ERR_INVALID_ADDRESS",
    `The host ${JSON.stringify(host)} is no numeric ${wanted} address. ${hint}`,
  );
}

function checkPath(path: unknown): UnixPath {
  if (typeof path !== "string" && !types.isUint8Array(path)) {
    const wanted = "a string or a Uint8Array";
    throw typeError("ERR_INVALID_ADDRESS", `The path of a Unix socket must be ${wanted}, not ${describe(path)}`);
  }
  const bytes = pathBytes(path);
  const most = pathBytesMax(bytes);
  if (bytes.byteLength > most) {
    const problem = `The path has ${bytes.byteLength} bytes, and a Unix socket's may have ${most}`;
    const hint = "Take a shorter one, such as one relative to the current directory";
    throw new ValueError("ERR_INVALID_ADDRESS", `${problem}: ${formatAddress(path)}. ${hint}`);
  }
  if (bytes.indexOf(0, 1) > 0 && bytes[0] !== 0) {
    throw new ValueError("ERR_INVALID_ADDRESS", `The path has a NUL inside: ${formatAddress(path)}`);
  }
  return path;
}
