/**
 * Keeps koffi's own library in memory until the process ends.
 *
 * Node unloads an addon when the last thread that loaded it ends, and only then lets the thread's libuv loop finish closing
 * its handles. The poll handle of `uv-watch.ts` is closed by a function of that addon: in a worker that was terminated, it
 * would be called after it was gone, which crashes the process.
 *
 * Owns: one more reference to the library, on purpose never given back. Does not own: loading it (`libc.ts`).
 */

import { libc } from "./libc.js";

const RTLD_LAZY = 0x1;
const RTLD_NOLOAD = 0x4;
const RTLD_NODELETE = 0x1000;

/** struct Dl_info is four pointers, and the name of the file is the first. */
const INFO_WORDS = 4;

let isPinned = false;

/** Pins the library in which the code at an address lies. Does nothing the second time. */
export function pinLibrary(codeAddress: bigint): void {
  if (isPinned) return;
  const info = new BigUint64Array(INFO_WORDS);
  const c = libc();
  if (c.dladdr(codeAddress, info) !== 0) c.dlopen(info[0], RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
  isPinned = true;
}
