/**
 * Messages as recvmmsg and sendmmsg have them, any number in one call.
 *
 * Owns: where what stands in their headers, and what of that stays the same from call to call.
 *
 * Does not own: what is sent or received (`datagrams.ts`, `datagram-sends.ts`).
 *
 *   struct mmsghdr   0 name   8 name's length   16 iovec   24 iovecs   32 control   40 its length   48 flags   56 bytes moved   64 bytes
 *   struct iovec     0 base   8 length   16 bytes
 */
import type { Memory } from "./memory.js";

export const HEADER_BYTES = 64;
export const IOVEC_BYTES = 16;
/** Where the length of the name stands in a header. */
export const NAME_LENGTH = 8;
/** Where the length of the data stands in an iovec. */
export const DATA_LENGTH = 8;

const IOVEC = 16;
const IOVECS = 24;

/**
 * Writes the header of a message, and the one iovec that it has: those of all `count` messages lie behind the headers.
 *
 * @param headers zeros so far
 */
export function writeHeader(
  headers: Memory,
  count: number,
  index: number,
  { name, data, size }: { readonly name: number; readonly data: number; readonly size: number },
): void {
  const { bytes, address } = headers;
  const header = index * HEADER_BYTES;
  const iovec = count * HEADER_BYTES + index * IOVEC_BYTES;
  bytes.writeBigUInt64LE(BigInt(name), header);
  bytes.writeBigUInt64LE(BigInt(address + iovec), header + IOVEC);
  bytes.writeBigUInt64LE(1n, header + IOVECS);
  bytes.writeBigUInt64LE(BigInt(data), iovec);
  bytes.writeBigUInt64LE(BigInt(size), iovec + DATA_LENGTH);
}
