/**
 * Addresses in a virtual network.
 *
 * Owns: which of them are one and the same; free ports.
 *
 * Does not own: who is where (`virtual-network.ts`, `datagram-post.ts`).
 */
import { isIPv6 } from "node:net";
import { type Address, type InetAddress, PORT_MAX, type UnixPath } from "../net/address.js";
import { EADDRINUSE } from "../sys/errno.js";
import { systemError } from "../sys/errors.js";
import { isUnixPath, pathBytes } from "../sys/sockaddr.js";

const FIRST_PORT = 49_152;
/** What every host calls itself. */
const LOCAL_NAMES = ["localhost", "::1", ""];

/** The address of every host, of either family. */
export const ANYWHERE: readonly string[] = ["0.0.0.0", "::"];
export const EVERY_HOST = "0.0.0.0";
export const LOCALHOST = "127.0.0.1";
/** The address of all who have the port, on whichever host. */
export const BROADCAST = "255.255.255.255";

/**
 * A host as the network knows it: all names of this one are one, small letters are large ones, and it does not matter
 * how an IPv6 address is written.
 */
export function hostNamed(name: string): string {
  const host = shortest(name.toLowerCase());
  if (LOCAL_NAMES.includes(host)) return LOCALHOST;
  return host === "<broadcast>" ? BROADCAST : host;
}

/** Where something arrives that is sent to an address: who sends to all hosts sends to this one. */
export function destinationOf(address: InetAddress): InetAddress {
  return ANYWHERE.includes(address.host) ? { ...address, host: LOCALHOST } : address;
}

/** The shortest way to write an IPv6 address, and IPv4 where it stands for that; any other host as it is. */
function shortest(host: string): string {
  if (!isIPv6(host)) return host;
  const [number = "", scope] = host.split("%");
  const short = new URL(`http://[${number}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(short) ?? [];
  if (high !== undefined && low !== undefined) {
    const bytes = [high, low].flatMap((half) => [Number.parseInt(half, 16) >> 8, Number.parseInt(half, 16) & 255]);
    return bytes.join(".");
  }
  return scope === undefined ? short : `${short}%${scope}`;
}

/** A text that is the same for the same address. */
export function keyOf(address: Address): string {
  return isUnixPath(address)
    ? `unix:${Buffer.from(pathBytes(address)).toString("latin1")}`
    : `${address.host}:${address.port}`;
}

/** Whether it is a name that no file has. */
export function isAbstract(path: UnixPath): boolean {
  return pathBytes(path)[0] === 0;
}

/** Whether a host is another one, or either is all of them. */
export function hostsMeet(one: string, other: string): boolean {
  return one === other || ANYWHERE.includes(one) || ANYWHERE.includes(other);
}

/** Ports for those who do not care which one they have. */
export class FreePorts {
  #next = FIRST_PORT;

  /** @throws Error `EADDRINUSE` when all are taken */
  take(isTaken: (port: number) => boolean): number {
    for (let tried = FIRST_PORT; tried <= PORT_MAX; tried++) {
      const port = this.#next;
      this.#next = port === PORT_MAX ? FIRST_PORT : port + 1;
      if (!isTaken(port)) return port;
    }
    throw systemError("bind", EADDRINUSE, { message: "no port is free" });
  }
}
