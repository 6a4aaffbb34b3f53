/**
 * Addresses in a virtual network.
 *
 * Owns: which of them are one and the same; free ports.
 *
 * Does not own: who is where (`virtual-network.ts`, `datagram-post.ts`).
 */
import type { Address, UnixPath } from "../net/address.js";
import { EADDRINUSE } from "../sys/errno.js";
import { systemError } from "../sys/errors.js";
import { isUnixPath, pathBytes } from "../sys/sockaddr.js";

const FIRST_PORT = 49_152;
const LAST_PORT = 65_535;
/** What every host calls itself. */
const LOCAL_NAMES = ["localhost", "::1", ""];

/** The address of every host, of either family. */
export const ANYWHERE: readonly string[] = ["0.0.0.0", "::"];
export const EVERY_HOST = "0.0.0.0";
export const LOCALHOST = "127.0.0.1";
/** The address of all who have the port, on whichever host. */
export const BROADCAST = "255.255.255.255";

/** A host as the network knows it: all names of this one are one, and small letters are large ones. */
export function hostNamed(name: string): string {
  const host = name.toLowerCase();
  if (LOCAL_NAMES.includes(host)) return LOCALHOST;
  return host === "<broadcast>" ? BROADCAST : host;
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
    for (let tried = FIRST_PORT; tried <= LAST_PORT; tried++) {
      const port = this.#next;
      this.#next = port === LAST_PORT ? FIRST_PORT : port + 1;
      if (!isTaken(port)) return port;
    }
    throw systemError("bind", EADDRINUSE, { message: "no port is free" });
  }
}
