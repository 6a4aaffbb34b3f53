/**
 * Children with streams for pipes.
 *
 * Owns: readers of stdout and stderr, a writer for stdin, which ends with the child and its output, waiting, and `communicate`.
 *
 * Does not own: the child (`processes/`), reading (`stream-reader.ts`).
 *
 * From: CPython 3.13 asyncio/subprocess.py. Differs: the options are those of `subprocessExec`, and `signal` kills the child; errors of
 * stdin other than that nobody reads it are told by `communicate`.
 */

import { inspect } from "node:util";
import { checkAbortSignal, checkBytes, checkOptions } from "../arguments.js";
import { describe, typeError } from "../errors.js";
import type { Future } from "../futures/future.js";
import { Operation, type Work } from "../futures/operation.js";
import { type OwnResult, ownResult } from "../futures/own-result.js";
import type { EventLoop } from "../loop/event-loop.js";
import { getRunningLoop } from "../loop/running-loop.js";
import type { WriteTransport } from "../net/transport-kinds.js";
import { SUBPROCESS_OPTIONS, type SubprocessOptions, splitOptions } from "../processes/spawn.js";
import type { IfPiped, StdioOptions } from "../processes/stdio.js";
import type { SubprocessTransport } from "../processes/subprocess-transport.js";
import type { SubprocessProtocol } from "../protocols.js";
import { ECONNRESET, EPIPE } from "../sys/errno.js";
import { systemError } from "../sys/errors.js";
import { ProcessOutput } from "./process-output.js";
import { settleAll } from "./settle-all.js";
import { StreamReader } from "./stream-reader.js";

/** Options of `createSubprocessExec`; stdin, stdout and stderr are our own unless they say otherwise. */
export interface ProcessOptions extends SubprocessOptions {
  /** How long a line of the child's output may be, in bytes; 64 KiB by default. */
  limit?: number;
  /** Kills the child when it is aborted. */
  signal?: AbortSignal;
}

/** A child's stdin. */
export class ProcessInput {
  readonly transport: WriteTransport;
  readonly #loop: EventLoop;
  readonly #protocol: ProcessProtocol;

  /** @internal */
  constructor(loop: EventLoop, transport: WriteTransport, protocol: ProcessProtocol) {
    this.transport = transport;
    this.#loop = loop;
    this.#protocol = protocol;
  }

  /** Writes; what there is no room for waits. @throws TypeError `ERR_INVALID_ARG_TYPE` */
  write(data: Uint8Array): void {
    this.transport.write(data);
  }

  /** Writes several pieces of bytes, in one go if possible. @throws as `write` */
  writeLines(lines: Iterable<Uint8Array>): void {
    this.transport.writeLines(lines);
  }

  /** The same as `close`. */
  writeEof(): void {
    this.transport.writeEof();
  }

  canWriteEof(): boolean {
    return this.transport.canWriteEof();
  }

  /** Ends the stream, after what was written before. */
  close(): void {
    this.transport.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.waitClosed();
  }

  /** Whether the stream is ending, or has ended. */
  isClosing(): boolean {
    return this.transport.isClosing();
  }

  /** Waits until the stream has ended. Fails with `EPIPE` if not everything could be written. */
  waitClosed(): Future<void> {
    return this.#protocol._untilInputClosed();
  }

  /** What is known of the pipe by that name, or else `fallback`. */
  getExtraInfo(name: string, fallback: unknown = null): unknown {
    return this.transport.getExtraInfo(name, fallback);
  }

  /**
   * Waits until there is room again. Fails with `EPIPE` when nobody reads any more, or with what has ended the stream otherwise.
   *
   * @throws RuntimeError `ERR_LOOP_CLOSED`
   */
  drain(): Future<void> {
    this.#loop._scheduler.checkOpen();
    return new Operation(this.#loop, this.#drain());
  }

  /** @internal What kept it from the child, or null: communicate tells of it. */
  get _error(): Error | null {
    return this.#protocol._inputError;
  }

  *#drain(): Work<void> {
    // So that whoever writes and drains in a loop comes to see that nobody reads.
    if (this.isClosing()) yield;
    yield* this.#protocol._drain();
  }
}

/** Of stdout and stderr. */
type Readers = Readonly<Record<1 | 2, StreamReader>>;

class ProcessProtocol implements SubprocessProtocol {
  readonly #loop: EventLoop;
  /** Until the child is there: later a reader is its user's to hold. */
  #readers: Readers | null;
  #transport: SubprocessTransport | null = null;
  /** Those of stdout and stderr that are pipes and have not ended. */
  readonly #outputs = new Map<number, ProcessOutput>();
  #exited = false;
  #paused = false;
  /** What has ended stdin: null if that was in good order, undefined while it goes on. */
  #inputLost: Error | null | undefined;
  readonly #drains: OwnResult<void>[] = [];
  readonly #closeWaiters: OwnResult<void>[] = [];

  constructor(loop: EventLoop, readers: Readers) {
    this.#loop = loop;
    this.#readers = readers;
  }

  connectionMade(transport: SubprocessTransport): void {
    this.#transport = transport;
    for (const fd of [1, 2] as const) {
      const [pipe, reader] = [transport.getPipeTransport(fd), this.#readers?.[fd]];
      if (pipe !== null && reader !== undefined) this.#outputs.set(fd, new ProcessOutput(pipe, reader));
    }
    this.#readers = null;
  }

  pipeDataReceived(fd: number, data: Buffer): void {
    this.#outputs.get(fd)?.reader?.feedData(data);
  }

  pipeConnectionLost(fd: number, error: Error | null): void {
    if (fd === 0) return this.#loseInput(error);
    const output = this.#outputs.get(fd);
    if (error === null) output?.reader?.feedEof();
    else output?.reader?.setException(error);
    this.#outputs.delete(fd);
    this.#closeIfOver();
  }

  processExited(): void {
    this.#exited = true;
    for (const output of this.#outputs.values()) output.exited();
    this.#closeIfOver();
  }

  pauseWriting(): void {
    this.#paused = true;
  }

  resumeWriting(): void {
    this.#paused = false;
    settleAll(this.#drains.splice(0), null);
  }

  _drain(): Future<void> {
    const drain = ownResult<void>(this.#loop);
    if (this.#inputLost !== undefined) drain._failWith(this.#inputLost ?? brokenPipe());
    else if (this.#paused) this.#drains.push(drain);
    else drain._succeed(undefined);
    return drain;
  }

  /** What kept stdin from the child, or null. That the child wanted no more of it is no such error. */
  get _inputError(): Error | null {
    const error = this.#inputLost ?? null;
    return isRefusal(error) ? null : error;
  }

  _untilInputClosed(): Future<void> {
    const waiter = ownResult<void>(this.#loop);
    this.#closeWaiters.push(waiter);
    if (this.#inputLost !== undefined) settleAll(this.#closeWaiters.splice(0), this.#inputLost);
    return waiter;
  }

  /** Ends a child that nobody gets. */
  _abort(): void {
    this.#transport?.close();
  }

  /** Others may have its stdin still, and keep it from ending. */
  #closeIfOver(): void {
    if (this.#exited && this.#outputs.size === 0) this.#transport?.close();
  }

  #loseInput(error: Error | null): void {
    this.#inputLost = error;
    settleAll(this.#drains.splice(0), error ?? brokenPipe());
    settleAll(this.#closeWaiters.splice(0), error);
  }
}

function isRefusal(error: NodeJS.ErrnoException | null): boolean {
  return error?.errno === -EPIPE || error?.errno === -ECONNRESET;
}

function brokenPipe(): Error {
  return systemError("write", EPIPE, { message: "the child reads nothing any more" });
}

/** The child that these options make: what is PIPE is there, and the rest is null. */
export type ProcessOf<O extends StdioOptions> = Process<
  IfPiped<O["stdin"], ProcessInput>,
  IfPiped<O["stdout"], StreamReader>,
  IfPiped<O["stderr"], StreamReader>
>;

/** A child. `createSubprocessExec` and `createSubprocessShell` make them. */
export class Process<
  In extends ProcessInput | null = ProcessInput | null,
  Out extends StreamReader | null = StreamReader | null,
  Err extends StreamReader | null = StreamReader | null,
> {
  /** Its process id. */
  readonly pid: number;
  /** What can be written to, or null if it is no pipe. */
  readonly stdin: In;
  /** What can be read from, or null if it is no pipe. */
  readonly stdout: Out;
  readonly stderr: Err;
  readonly #loop: EventLoop;
  readonly #transport: SubprocessTransport;

  /** @internal */
  constructor(loop: EventLoop, transport: SubprocessTransport, protocol: ProcessProtocol, readers: Readers) {
    const stdin = transport.getPipeTransport(0);
    this.#loop = loop;
    this.#transport = transport;
    this.pid = transport.getPid();
    this.stdin = (stdin === null ? null : new ProcessInput(loop, stdin, protocol)) as In;
    this.stdout = (transport.getPipeTransport(1) === null ? null : readers[1]) as Out;
    this.stderr = (transport.getPipeTransport(2) === null ? null : readers[2]) as Err;
  }

  /** The exit code, -N if the signal N ended it, or null while it runs. */
  get returncode(): number | null {
    return this.#transport.getReturncode();
  }

  /**
   * Waits until it has ended, though others may hold its pipes still.
   *
   * @returns the exit code
   * @throws RuntimeError `ERR_LOOP_CLOSED`, unless it has ended before
   */
  wait(): Future<number> {
    return this.#transport._wait();
  }

  /**
   * Writes the input to its stdin and ends that, reads its output to the end, all at the same time, and waits for it.
   *
   * @returns what it wrote to stdout and to stderr, each null if it is no pipe
   * @throws TypeError `ERR_INVALID_ARG_TYPE`, also for input without a stdin to write it to; Error of the system if not all of the
   *   input could be written, though not because the child reads no more; then its output is still to be read
   */
  communicate(input?: Uint8Array | null): Future<[stdout: Buffer | (Out & null), stderr: Buffer | (Err & null)]> {
    if (input !== undefined && input !== null) {
      checkBytes("The input", input);
      if (this.stdin === null) {
        throw typeError("ERR_INVALID_ARG_TYPE", `There is no stdin for ${describe(input)}: spawn with stdin: PIPE`);
      }
    }
    return new Operation(this.#loop, this.#communicate(input ?? null), ([stdout, stderr]) => {
      if (stdout !== null) this.stdout?._putBack(stdout);
      if (stderr !== null) this.stderr?._putBack(stderr);
    });
  }

  /**
   * Sends it a signal.
   *
   * @throws Error `ESRCH` if it has ended, `EPERM` if it runs as somebody else; as `addSignalHandler` for what is no
   *   signal
   */
  sendSignal(signal: NodeJS.Signals | number): void {
    this.#transport.sendSignal(signal);
  }

  /** Sends it SIGTERM. @throws as `sendSignal` */
  terminate(): void {
    this.#transport.terminate();
  }

  /** Sends it SIGKILL. @throws as `sendSignal` */
  kill(): void {
    this.#transport.kill();
  }

  toString(): string {
    return `<Process pid=${this.pid}${this.returncode === null ? "" : ` returncode=${this.returncode}`}>`;
  }

  [inspect.custom](): string {
    return this.toString();
  }

  *#communicate(input: Uint8Array | null): Work<[stdout: Buffer | (Out & null), stderr: Buffer | (Err & null)]> {
    if (input !== null) this.stdin?.write(input);
    this.stdin?.close();
    let fromStdout: Future<Buffer> | undefined;
    let fromStderr: Future<Buffer> | undefined;
    try {
      // Both have begun before either is waited for.
      fromStdout = this.stdout?.read();
      fromStderr = this.stderr?.read();
      const stdout = fromStdout === undefined ? (this.stdout as Out & null) : yield* fromStdout;
      const stderr = fromStderr === undefined ? (this.stderr as Err & null) : yield* fromStderr;
      yield* this.wait();
      // The child took the end for that of all its input, and may have come to a result.
      const lost = this.stdin?._error ?? null;
      if (lost !== null) throw lost;
      return [stdout, stderr];
    } catch (error) {
      endRead(this.stdout, fromStdout);
      endRead(this.stderr, fromStderr);
      throw error;
    }
  }
}

/** Ends a read, which would keep every later one from the stream, or puts back what it has got. */
function endRead(reader: StreamReader | null, read: Future<Buffer> | undefined): void {
  if (read === undefined || read.cancel() || read.cancelled() || read.exception() !== null) return;
  reader?._putBack(read.result());
}

/**
 * Runs a program on the running loop.
 *
 * @param rest the program's arguments, and then perhaps options
 * @throws as `EventLoop.subprocessExec`; TypeError `ERR_NOT_A_SIGNAL`; RuntimeError `ERR_NO_RUNNING_LOOP`
 */
export function createSubprocessExec<const O extends ProcessOptions>(
  program: string,
  ...rest: [...args: string[], options: O]
): Future<ProcessOf<O>>;
export function createSubprocessExec(
  program: string,
  ...rest: readonly string[] | [...args: string[], options: ProcessOptions]
): Future<Process>;
export function createSubprocessExec(
  program: string,
  ...rest: readonly string[] | [...args: string[], options: ProcessOptions]
): Future<Process> {
  const [args, options = {}] = splitOptions<ProcessOptions>(rest);
  return launch("createSubprocessExec", options, (loop, make, own) => loop.subprocessExec(make, program, ...args, own));
}

/** As `createSubprocessExec`, with a command for `/bin/sh`. */
export function createSubprocessShell<const O extends ProcessOptions = Record<never, never>>(
  command: string,
  options?: O,
): Future<ProcessOf<O>>;
export function createSubprocessShell(command: string, options: ProcessOptions = {}): Future<Process> {
  return launch("createSubprocessShell", options, (loop, make, own) => loop.subprocessShell(make, command, own));
}

function launch(
  call: string,
  options: ProcessOptions,
  spawn: (
    loop: EventLoop,
    make: () => ProcessProtocol,
    options: SubprocessOptions,
  ) => Future<[SubprocessTransport, ProcessProtocol]>,
): Future<Process> {
  const loop = getRunningLoop();
  checkOptions(call, options, [...SUBPROCESS_OPTIONS, "limit", "signal"]);
  const { limit, signal, stdin = null, stdout = null, stderr = null, ...own } = options;
  checkAbortSignal(signal);
  const make = (): StreamReader => new StreamReader(limit === undefined ? { loop } : { loop, limit });
  const readers = { 1: make(), 2: make() };
  const protocol = new ProcessProtocol(loop, readers);
  // Outside of the operation, so that wrong arguments are refused at the call.
  const spawning = spawn(loop, () => protocol, { ...own, stdin, stdout, stderr });
  return new Operation(loop, finish(loop, protocol, readers, spawning, signal), () => protocol._abort());
}

function* finish(
  loop: EventLoop,
  protocol: ProcessProtocol,
  readers: Readers,
  spawning: Future<[SubprocessTransport, ProcessProtocol]>,
  signal: AbortSignal | undefined,
): Work<Process> {
  try {
    const [transport] = yield* spawning;
    if (signal !== undefined) killWhenAborted(transport, signal);
    return new Process(loop, transport, protocol, readers);
  } catch (error) {
    protocol._abort();
    throw error;
  }
}

function killWhenAborted(transport: SubprocessTransport, signal: AbortSignal): void {
  const kill = (): void => transport.close();
  if (signal.aborted) return kill();
  signal.addEventListener("abort", kill, { once: true });
  transport._wait().addDoneCallback(() => signal.removeEventListener("abort", kill));
}
