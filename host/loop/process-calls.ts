/**
 * What is called on a loop to run other programs.
 *
 * Owns: the names of these calls and what they promise.
 *
 * Does not own: doing it (`processes/`).
 *
 * From: CPython 3.13, base_events `subprocess_exec` and `subprocess_shell`.
 */
import type { Future } from "../futures/future.js";
import { type SubprocessOptions, splitOptions, subprocessExec, subprocessShell } from "../processes/spawn.js";
import type { SubprocessTransport } from "../processes/subprocess-transport.js";
import type { SubprocessProtocol } from "../protocols.js";
import type { EventLoop } from "./event-loop.js";
import { ExecutorCalls } from "./executor-calls.js";

/** The part of an EventLoop that is about children. */
export abstract class ProcessCalls extends ExecutorCalls {
  /**
   * Runs a program, with pipes to its stdin, stdout and stderr unless the options say otherwise.
   *
   * @param protocolFactory called without arguments, before the child is there
   * @param rest the program's arguments, and then perhaps options
   * @returns what fails with `ENOENT`, `EACCES` and the like. Cancelling it kills the child
   * @throws TypeError `ERR_NOT_CALLABLE`, `ERR_INVALID_ARG_TYPE`, `ERR_UNKNOWN_OPTION`; ValueError `ERR_INVALID_FILE`,
   *   `ERR_INVALID_ARG_VALUE`, `ERR_OUT_OF_RANGE`, `ERR_CONFLICTING_OPTIONS`; Error `ENOENT`, `ENOTDIR` and the like for a `cwd` that is no
   *   folder, `EBADF` for a descriptor that is not open; UnsupportedError `ERR_NO_OUTSIDE` on a virtual loop, `ERR_BLOCKING_RUN` in a blocking
   *   run; RuntimeError `ERR_LOOP_CLOSED`
   */
  subprocessExec<P extends SubprocessProtocol>(
    this: EventLoop,
    protocolFactory: () => P,
    program: string,
    ...rest: readonly string[] | [...args: string[], options: SubprocessOptions]
  ): Future<[transport: SubprocessTransport, protocol: P]> {
    const [args, options = {}] = splitOptions<SubprocessOptions>(rest);
    return subprocessExec(this, protocolFactory, program, args, options);
  }

  /** As `subprocessExec`, with a command for `/bin/sh`. What users have typed must be quoted before it becomes part of one. */
  subprocessShell<P extends SubprocessProtocol>(
    this: EventLoop,
    protocolFactory: () => P,
    command: string,
    options: SubprocessOptions = {},
  ): Future<[transport: SubprocessTransport, protocol: P]> {
    return subprocessShell(this, protocolFactory, command, options);
  }
}
