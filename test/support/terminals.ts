/**
 * Pseudoterminals for tests.
 *
 * Owns: making one in this process. Node has no call for that, so it takes two ioctls.
 */
import { constants, openSync } from "node:fs";
import { loadKoffi } from "../../host/sys/libc.js";

const TIOCSPTLCK = 0x40045431;
const TIOCGPTN = 0x80045430;

/** Opens a pseudoterminal: the descriptor that is in the place of its user, and the path that programs open. */
export function openTerminal(): [fd: number, path: string] {
  const library = loadKoffi().load(null);
  const ioctl = library.func("int ioctl(int fd, unsigned long request, void *value)") as (...args: unknown[]) => number;
  const fd = openSync("/dev/ptmx", constants.O_RDWR | constants.O_NOCTTY);
  const number = new Uint8Array(4);
  if (ioctl(fd, TIOCSPTLCK, new Uint8Array(4)) !== 0 || ioctl(fd, TIOCGPTN, number) !== 0) {
    throw new Error("this system has no pseudoterminals");
  }
  return [fd, `/dev/pts/${new DataView(number.buffer).getInt32(0, true)}`];
}
