/**
 * struct sockaddr: addresses as C has them.
 *
 * Owns: the layouts of sockaddr_in, sockaddr_in6 and sockaddr_un, abstract names included, and the scratch memory that
 * calls read and write them in.
 *
 * Does not own: checking what users pass (`net/address.ts`). Names are not resolved here: a host is a numeric address.
 */

import { isUtf8 } from "node:buffer";
import { types } from "node:util";
import { AF_INET, AF_INET6, AF_UNIX } from "../constants.js";
import { EAFNOSUPPORT, EINVAL } from "./errno.js";
import { libc } from "./libc.js";
import { Memory } from "./memory.js";

/** Of an IP socket. The last two are IPv6's. */
export interface InetAddress {
  host: string;
  port: number;
  flowinfo?: number;
  scopeId?: number;
}

/** Of a Unix socket: a path, or with a leading NUL an abstract name. One that is no text in UTF-8 comes as its bytes. */
export type UnixPath = string | Uint8Array;

/** Of a socket: host and port, or a path. */
export type Address = InetAddress | UnixPath;

/** How long a path may be: there are 108 bytes for it, and the last one of a file's path must be a NUL. */
const PATH_BYTES_MAX = 107;
const ABSTRACT_BYTES_MAX = 108;

/*
 *   sockaddr_in    0 family   2 port, big-endian   4 address   8 zeros                             16 bytes
 *   sockaddr_in6   0 family   2 port, big-endian   4 flowinfo, big-endian   8 address   24 scope   28 bytes
 *   sockaddr_un    0 family   2 path                                                               up to 110 bytes
 */
/** Room for the name of any socket. */
export const NAME_BYTES = 128;
const PATH_OFFSET = 2;
const IN_BYTES = 16;
const IN6_BYTES = 28;
const IN6_ADDRESS_BYTES = 16;

/** Long enough for an IPv6 address in text and its NUL. */
const text = new Uint8Array(46);
const scratch = new Uint8Array(IN6_ADDRESS_BYTES);

/** One struct sockaddr_storage with its socklen_t behind it. */
export class SocketName {
  readonly #memory = new Memory(NAME_BYTES + 4);
  readonly #bytes = this.#memory.bytes;
  readonly #length = new Uint32Array(this.#bytes.buffer, NAME_BYTES, 1);

  /** For a call that reads or writes the name. */
  get address(): number {
    return this.#memory.address;
  }

  /** For a call that writes the length. */
  get lengthAddress(): number {
    return this.#memory.address + NAME_BYTES;
  }

  /** Says how much of the room counts: all of it before a call that writes the name. */
  setLength(length = NAME_BYTES): void {
    this.#length[0] = length;
  }

  /**
   * Writes an address for a call to read.
   *
   * @returns its length in bytes, -EINVAL if the host is no numeric address of the family, -EAFNOSUPPORT if the family is
   * none of the three.
   */
  write(family: number, address: Address): number {
    const bytes = this.#bytes;
    bytes.writeUInt16LE(family & 0xffff, 0);
    if (family === AF_UNIX) return isUnixPath(address) ? this.#writePath(pathBytes(address)) : -EINVAL;
    if (family !== AF_INET && family !== AF_INET6) return -EAFNOSUPPORT;
    if (isUnixPath(address)) return -EINVAL;
    bytes.writeUInt16BE(address.port & 0xffff, 2);
    return family === AF_INET ? this.#writeIPv4(address.host) : this.#writeIPv6(address);
  }

  /** Reads the address that a call wrote, or null if it wrote none or one of another family. */
  read(): Address | null {
    return readAddress(this.#bytes, 0, this.#length[0] as number);
  }

  #writePath(path: Uint8Array): number {
    const length = path.byteLength;
    if (length > pathBytesMax(path)) return -EINVAL;
    this.#bytes.set(path, PATH_OFFSET);
    if (length === 0 || path[0] === 0) return PATH_OFFSET + length;
    this.#bytes[PATH_OFFSET + length] = 0;
    return PATH_OFFSET + length + 1;
  }

  #writeIPv4(host: string): number {
    const number = parseIPv4(host);
    if (number < 0) return -EINVAL;
    this.#bytes.writeUInt32BE(number, 4);
    this.#bytes.fill(0, 8, IN_BYTES);
    return IN_BYTES;
  }

  #writeIPv6(address: InetAddress): number {
    const parsed = parseIPv6(address.host);
    if (parsed === null) return -EINVAL;
    this.#bytes.writeUInt32BE((address.flowinfo ?? 0) >>> 0, 4);
    this.#bytes.set(parsed.bytes, 8);
    this.#bytes.writeUInt32LE((address.scopeId || parsed.scopeId) >>> 0, 24);
    return IN6_BYTES;
  }
}

/** Reads a name of `length` bytes that begins at `start`, or answers null if it is none, or one of another family. */
export function readAddress(bytes: Buffer, start: number, length: number): Address | null {
  if (length < PATH_OFFSET) return null;
  switch (bytes.readUInt16LE(start)) {
    case AF_INET: {
      const host = `${bytes[start + 4]}.${bytes[start + 5]}.${bytes[start + 6]}.${bytes[start + 7]}`;
      return { host, port: bytes.readUInt16BE(start + 2) };
    }
    case AF_INET6:
      return {
        host: formatIPv6(bytes.subarray(start + 8, start + 8 + IN6_ADDRESS_BYTES)),
        port: bytes.readUInt16BE(start + 2),
        flowinfo: bytes.readUInt32BE(start + 4),
        scopeId: bytes.readUInt32LE(start + 24),
      };
    case AF_UNIX:
      return readPath(bytes.subarray(start + PATH_OFFSET, start + Math.min(length, NAME_BYTES)));
    default:
      return null;
  }
}

/** Whether an address is one of a Unix socket. */
export function isUnixPath(address: Address): address is UnixPath {
  return typeof address === "string" || types.isUint8Array(address);
}

/** The bytes of a path. */
export function pathBytes(path: UnixPath): Uint8Array {
  return typeof path === "string" ? Buffer.from(path) : path;
}

/** How many bytes a path that begins like this one may have. */
export function pathBytesMax(path: Uint8Array): number {
  return path[0] === 0 ? ABSTRACT_BYTES_MAX : PATH_BYTES_MAX;
}

/** Reads four decimal numbers without leading zeros as one, or answers -1, exactly where inet_pton does. */
export function parseIPv4(host: string): number {
  let number = 0;
  let part = -1;
  let parts = 0;
  for (let index = 0; index <= host.length; index++) {
    const digit = index < host.length ? host.charCodeAt(index) - 48 : -2;
    if (digit >= 0 && digit <= 9) {
      if (part === 0) return -1;
      part = part < 0 ? digit : part * 10 + digit;
      if (part > 255) return -1;
    } else {
      // -2 is the dot, and the end counts as one.
      if (digit !== -2 || part < 0) return -1;
      number = number * 256 + part;
      part = -1;
      parts += 1;
      if (parts > 4) return -1;
    }
  }
  return parts === 4 ? number : -1;
}

/**
 * Reads an IPv6 address, which may name its scope as in `fe80::1%eth0` or `fe80::1%2`.
 *
 * @returns null if it is none, or names an interface that does not exist. The bytes are valid until the next call.
 */
export function parseIPv6(host: string): { bytes: Uint8Array; scopeId: number } | null {
  const percent = host.indexOf("%");
  const bare = percent < 0 ? host : host.slice(0, percent);
  // A NUL would end the text for C.
  if (bare.includes("\0") || libc().inet_pton(AF_INET6, bare, scratch) !== 1) return null;
  const scopeId = percent < 0 ? 0 : parseScope(host.slice(percent + 1));
  return scopeId < 0 ? null : { bytes: scratch, scopeId };
}

/** The shortest text of an IPv6 address, as the C library writes it. */
export function formatIPv6(bytes: Uint8Array): string {
  libc().inet_ntop(AF_INET6, bytes, text, text.length);
  return Buffer.from(text.buffer, 0, text.indexOf(0)).toString("latin1");
}

/** The number of an interface by its name, or 0. */
export function interfaceIndex(name: string): number {
  return name === "" || name.includes("\0") ? 0 : libc().if_nametoindex(name);
}

function parseScope(scope: string): number {
  return /^\d{1,9}$/.test(scope) ? Number(scope) : interfaceIndex(scope) || -1;
}

/** An abstract name is all of its bytes, NULs included; a path ends at its first NUL. */
function readPath(bytes: Buffer): UnixPath {
  const end = bytes[0] === 0 ? -1 : bytes.indexOf(0);
  const path = end < 0 ? bytes : bytes.subarray(0, end);
  return isUtf8(path) ? path.toString() : Buffer.from(path);
}
