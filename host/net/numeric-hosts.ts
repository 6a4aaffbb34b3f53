/**
 * Numeric hosts as the kernel has them in options: the groups and interfaces of multicast.
 *
 * Owns: hosts as bytes and back, interfaces by name. Does not own: names of hosts (`resolve.ts`).
 *
 * From: CPython 3.11 socketmodule.c `inet_pton`, `inet_ntop` and `if_nametoindex`.
 */
import { checkBytes, checkInteger, INT_MAX } from "../arguments.js";
import { AF_INET, AF_INET6 } from "../constants.js";
import { describe, typeError, ValueError } from "../errors.js";
import { ENODEV } from "../sys/errno.js";
import { systemError } from "../sys/errors.js";
import { formatIPv6, interfaceIndex, parseIPv4, parseIPv6 } from "../sys/sockaddr.js";

const BYTES: Readonly<Record<number, number>> = { [AF_INET]: 4, [AF_INET6]: 16 };

/**
 * The bytes of a numeric host, such as options of multicast take them:
 * `socket.setsockopt(IPPROTO_IP, IP_ADD_MEMBERSHIP, Buffer.concat([inetPton(AF_INET, group), inetPton(AF_INET, "127.0.0.1")]))`.
 *
 * @throws ValueError `ERR_INVALID_ADDRESS` if it is no numeric host of the family, or the family is neither AF_INET nor AF_INET6; TypeError
 *   `ERR_INVALID_ARG_TYPE`
 */
export function inetPton(family: number, host: string): Buffer {
  if (typeof host !== "string") {
    throw typeError("ERR_INVALID_ARG_TYPE", `The host must be a string, not ${describe(host)}`);
  }
  const size = sizeIn(family);
  if (family === AF_INET) {
    const number = parseIPv4(host);
    if (number >= 0) {
      const bytes = Buffer.alloc(size);
      bytes.writeUInt32BE(number);
      return bytes;
    }
  } else if (!host.includes("%")) {
    const parsed = parseIPv6(host);
    if (parsed !== null) return Buffer.from(parsed.bytes.subarray(0, size));
  }
  throw new ValueError("ERR_INVALID_ADDRESS", `${JSON.stringify(host)} is no numeric host of the family ${family}`);
}

/** The text of a host's bytes. @throws as `inetPton`, also if they are not as many as the family has */
export function inetNtop(family: number, bytes: Uint8Array): string {
  const size = sizeIn(family);
  checkBytes("The bytes of a host", bytes);
  if (bytes.byteLength !== size) {
    throw new ValueError(
      "ERR_INVALID_ADDRESS",
      `A host of the family ${family} has ${size} bytes, not ${bytes.byteLength}`,
    );
  }
  return family === AF_INET ? bytes.join(".") : formatIPv6(bytes);
}

/** The number of an interface, such as an address of IPv6 has it as `scopeId`. @throws Error `ENODEV`; TypeError `ERR_INVALID_ARG_TYPE` */
export function ifNametoindex(name: string): number {
  if (typeof name !== "string") {
    throw typeError("ERR_INVALID_ARG_TYPE", `The name must be a string, not ${describe(name)}`);
  }
  const index = interfaceIndex(name);
  if (index > 0) return index;
  throw systemError("if_nametoindex", -ENODEV, { message: `there is no interface ${JSON.stringify(name)}` });
}

function sizeIn(family: number): number {
  const size = BYTES[checkInteger("The family of a host", family, 0, INT_MAX)];
  if (size !== undefined) return size;
  throw new ValueError("ERR_INVALID_ADDRESS", `Hosts of the family ${family} have no numbers: AF_INET and AF_INET6 do`);
}
