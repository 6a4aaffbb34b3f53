/**
 * Descriptors that travel over Unix sockets, beside bytes.
 *
 * Owns: the headers of sendmsg and recvmsg, and the one control message in which the numbers stand.
 *
 * Does not own: the descriptors. Those that come are closed on exec, and whoever receives them closes them.
 *
 *   struct msghdr    0 name   8 name's length   16 iovec   24 iovecs   32 control   40 its length   48 flags   56 bytes
 *   struct cmsghdr   0 length, these 16 bytes included   8 level   12 type   16 data, up to a multiple of 8
 */
import { MSG_DONTWAIT, MSG_NOSIGNAL, SOL_SOCKET } from "../constants.js";
import { noteActivity } from "./activity.js";
import { EBADF, EINTR, isDescriptor } from "./errno.js";
import { libc } from "./libc.js";
import { Memory } from "./memory.js";
import { closeAtThreadEnd } from "./thread-end.js";

/** The most that the kernel takes at a time. */
export const PASSED_MAX = 253;

const SCM_RIGHTS = 1;
const MSG_CMSG_CLOEXEC = 0x40000000;

const HEADER_BYTES = 56;
const IOVEC = 16;
const IOVECS = 24;
const CONTROL = 32;
const CONTROL_LENGTH = 40;
const FLAGS = 48;
const IOVEC_BYTES = 16;
const PREFIX_BYTES = 16;
const FD_BYTES = 4;

/** What came. The numbers are open descriptors of ours. */
export interface Passed {
  readonly size: number;
  readonly descriptors: number[];
  /** As recvmsg answers them; MSG_CTRUNC says that there was no room for all descriptors. */
  readonly flags: number;
}

/** Sends the bytes, and the descriptors with the first of them. Answers how many bytes were taken, or a negative errno. */
export function sendDescriptors(fd: number, bytes: Uint8Array, descriptors: readonly number[], flags: number): number {
  if (!isDescriptor(fd)) return -EBADF;
  noteActivity();
  const payload = new Memory(bytes.length + 1);
  payload.bytes.set(bytes);
  const { header, control } = message(payload, bytes.length, descriptors.length);
  const { bytes: words } = control;
  words.writeBigUInt64LE(BigInt(PREFIX_BYTES + descriptors.length * FD_BYTES), 0);
  words.writeInt32LE(SOL_SOCKET, 8);
  words.writeInt32LE(SCM_RIGHTS, 12);
  for (const [index, each] of descriptors.entries()) words.writeInt32LE(each, PREFIX_BYTES + index * FD_BYTES);
  return transfer("sendmsg", fd, flags | MSG_NOSIGNAL, header, payload, control);
}

/** Receives into `bytes`, and up to `most` descriptors; or answers a negative errno. */
export function receiveDescriptors(fd: number, bytes: Uint8Array, most: number, flags: number): Passed | number {
  if (!isDescriptor(fd)) return -EBADF;
  noteActivity();
  const payload = new Memory(bytes.length + 1);
  const { header, control } = message(payload, bytes.length, most);
  const result = transfer("recvmsg", fd, flags | MSG_CMSG_CLOEXEC, header, payload, control);
  if (result < 0) return result;
  bytes.set(payload.bytes.subarray(0, Math.min(result, bytes.length)));
  const used = Number(header.bytes.readBigUInt64LE(CONTROL_LENGTH));
  return { size: result, descriptors: numbersIn(control.bytes, used), flags: header.bytes.readInt32LE(FLAGS) };
}

/** Makes a call with a header and with what that points to, which all outlive it. Answers its result, or a negative errno. */
function transfer(call: "sendmsg" | "recvmsg", fd: number, flags: number, header: Memory, ...others: Memory[]): number {
  const c = libc();
  let result: number;
  do {
    result = c[call](fd, header.address, flags | MSG_DONTWAIT);
    if (result < 0) result = -c.errno();
    for (const memory of [header, ...others]) memory.lastResult = result;
  } while (result === -EINTR);
  return result;
}

/** A header for `size` bytes of `payload` and for `count` descriptors, all zeros where those are to stand. */
function message(payload: Memory, size: number, count: number): { header: Memory; control: Memory } {
  const room = PREFIX_BYTES + Math.ceil((count * FD_BYTES) / 8) * 8;
  const header = new Memory(HEADER_BYTES + IOVEC_BYTES);
  const control = new Memory(room);
  header.bytes.fill(0);
  control.bytes.fill(0);
  header.bytes.writeBigUInt64LE(BigInt(header.address + HEADER_BYTES), IOVEC);
  header.bytes.writeBigUInt64LE(1n, IOVECS);
  header.bytes.writeBigUInt64LE(BigInt(control.address), CONTROL);
  header.bytes.writeBigUInt64LE(BigInt(count === 0 ? 0 : room), CONTROL_LENGTH);
  header.bytes.writeBigUInt64LE(BigInt(payload.address), HEADER_BYTES);
  header.bytes.writeBigUInt64LE(BigInt(size), HEADER_BYTES + 8);
  return { header, control };
}

function numbersIn(control: Buffer, used: number): number[] {
  if (used < PREFIX_BYTES + FD_BYTES) return [];
  if (control.readInt32LE(8) !== SOL_SOCKET || control.readInt32LE(12) !== SCM_RIGHTS) return [];
  const count = Math.floor((Number(control.readBigUInt64LE(0)) - PREFIX_BYTES) / FD_BYTES);
  return Array.from({ length: count }, (_, index) =>
    closeAtThreadEnd(control.readInt32LE(PREFIX_BYTES + index * FD_BYTES)),
  );
}
