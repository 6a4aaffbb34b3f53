/**
 * What a child's stdin, stdout and stderr are.
 *
 * Owns: the words for it, PIPE, DEVNULL and STDOUT; making pipes, of which the child's end blocks and ours does not; that
 * every end is closed that is not handed on.
 *
 * Does not own: reading and writing (`net/read-pipe.ts`, `net/write-pipe.ts`).
 *
 * From: CPython 3.11 subprocess `_get_handles`.
 */
import { describe, typeError, ValueError } from "../errors.js";
import { checkOpen, checkPipeLike, type PipeLike } from "../net/checks.js";
import { FileDescriptor } from "../net/pipe.js";
import { errorText, systemError } from "../sys/errors.js";
import * as fds from "../sys/fd.js";
import { createPipe } from "../sys/pipe.js";

/** A pipe between us and the child. */
export const PIPE = -1;
/** For `stderr`: wherever stdout goes. */
export const STDOUT = -2;
/** Nothing at all. */
export const DEVNULL = -3;

/**
 * PIPE, DEVNULL, null for our own, or a descriptor of ours; for stderr also STDOUT. A descriptor that the child shares with us blocks from
 * then on, as children expect, unless a pipe transport works on it.
 */
export type Stdio = number | PipeLike | null;

/** `T` where a child's stdin, stdout or stderr is PIPE, null where it is something else, and either where that is not known. */
export type IfPiped<S, T> = S extends typeof PIPE ? T : S extends number ? (number extends S ? T | null : null) : null;

export interface StdioOptions {
  stdin?: Stdio;
  stdout?: Stdio;
  stderr?: Stdio;
}

/** The descriptors that each program has, by their numbers. */
export const NAMES = ["stdin", "stdout", "stderr"] as const;

/** @throws TypeError `ERR_INVALID_ARG_TYPE`; ValueError `ERR_INVALID_FILE`, `ERR_CONFLICTING_OPTIONS`; Error `EBADF` */
export function checkStdio(options: StdioOptions): void {
  for (const name of NAMES) {
    const value = options[name];
    if (value === undefined || value === null || value === PIPE || value === DEVNULL) continue;
    if (value === STDOUT) {
      if (name === "stderr") continue;
      throw new ValueError("ERR_CONFLICTING_OPTIONS", `STDOUT can only be used for stderr, not for ${name}`);
    }
    if (typeof value !== "number" && typeof value !== "object") {
      const wanted = "PIPE, DEVNULL, null or a descriptor";
      throw typeError("ERR_INVALID_ARG_TYPE", `The option ${name} must be ${wanted}, not ${describe(value)}`);
    }
    checkOpen(value as PipeLike);
  }
}

/** The ends of a child's pipes, and what Node is to be told of its descriptors. */
export class ChildStdio {
  /** For `child_process.spawn`. */
  readonly stdio: (number | "ignore" | "inherit")[] = [];
  /** Our ends, by the child's descriptor. */
  readonly ours = new Map<number, FileDescriptor>();
  readonly #theirs: number[] = [];

  /** @throws Error `EMFILE` and the like; then nothing is left open */
  constructor(options: StdioOptions) {
    try {
      for (const [fd, name] of NAMES.entries()) this.stdio.push(this.#open(options[name] ?? null, fd));
    } catch (error) {
      this.closeTheirs();
      this.closeOurs();
      throw error;
    }
  }

  /** Whether the child is given a descriptor of ours that does not block. */
  sharesNonblocking(): boolean {
    return this.stdio.slice(0, NAMES.length).some((value, number) => {
      const fd = value === "inherit" ? number : value;
      return fd !== "ignore" && fds.isNonblocking(fd) === 1;
    });
  }

  /** Closes the child's ends, of which it has copies by now. */
  closeTheirs(): void {
    for (const fd of this.#theirs.splice(0)) fds.close(fd);
  }

  /** Closes our ends, for want of a child. */
  closeOurs(): void {
    for (const end of this.ours.values()) end.close();
    this.ours.clear();
  }

  #open(value: Stdio, fd: number): number | "ignore" | "inherit" {
    if (value === null) return "inherit";
    if (value === DEVNULL) return "ignore";
    if (value === STDOUT) {
      const [, stdout] = this.stdio;
      return stdout === "inherit" || stdout === undefined ? 1 : stdout;
    }
    if (value !== PIPE) return checkPipeLike(value as PipeLike);
    const made = createPipe();
    if (typeof made === "number") throw systemError("pipe2", made, { message: errorText(made) });
    const [theirs, ours] = fd === 0 ? made : [made[1], made[0]];
    this.#theirs.push(theirs);
    this.ours.set(fd, new FileDescriptor(ours));
    fds.setNonblocking(theirs, false);
    return theirs;
  }
}
