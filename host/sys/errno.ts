/**
 * Error numbers as Linux numbers them.
 *
 * Owns: the positive numbers that the wrappers of this folder answer negated, and the test for a legal fd number.
 *
 * Does not own: turning one into an exception (`errors.ts`).
 *
 * From: include/uapi/asm-generic/errno-base.h and errno.h, which x64 and arm64 share.
 */

import { FD_MAX } from "../../assembly/abi.js";

export const EPERM = 1;
export const ENOENT = 2;
export const ESRCH = 3;
export const EINTR = 4;
export const EIO = 5;
export const EBADF = 9;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EFAULT = 14;
export const EEXIST = 17;
export const ENODEV = 19;
export const ENOTDIR = 20;
export const EINVAL = 22;
export const ENFILE = 23;
export const EMFILE = 24;
export const EPIPE = 32;
export const ENOSYS = 38;
export const ENONET = 64;
export const EPROTO = 71;
export const ENOTSOCK = 88;
export const EMSGSIZE = 90;
export const ENOPROTOOPT = 92;
export const EOPNOTSUPP = 95;
export const EAFNOSUPPORT = 97;
export const EADDRINUSE = 98;
export const ENETDOWN = 100;
export const ENETUNREACH = 101;
export const ECONNABORTED = 103;
export const ECONNRESET = 104;
export const ENOBUFS = 105;
export const EISCONN = 106;
export const ENOTCONN = 107;
export const ETIMEDOUT = 110;
export const ECONNREFUSED = 111;
export const EHOSTDOWN = 112;
export const EHOSTUNREACH = 113;
export const EALREADY = 114;
export const EINPROGRESS = 115;

/**
 * Tells whether a number can name a descriptor: an integer from 0 to FD_MAX. The FFI would read NaN as 0 and wrap what
 * is too large, so every wrapper asks this first and answers -EBADF otherwise.
 */
export function isDescriptor(fd: number): boolean {
  return fd >>> 0 === fd && fd <= FD_MAX;
}
