/**
 * Children of this process, as a protocol sees them.
 *
 * Owns: the child, and the transports of its pipes; what the protocol is told, and when: `connectionMade` first, `connectionLost` once
 * and last, when the child has ended and every pipe is closed.
 *
 * Does not own: spawning (`spawn.ts`), reaping, which Node does for its own children alone.
 *
 * From: CPython 3.13 base_subprocess `BaseSubprocessTransport`. Differs: `processExited` and `connectionLost` are called in the context of
 * whoever has made the child, as by uvloop.
 */
import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";
import { inspect } from "node:util";
import { EventKind } from "../../assembly/abi.js";
import type { Future } from "../futures/future.js";
import { type OwnResult, ownResult, settleUnlessDone } from "../futures/own-result.js";
import type { EventLoop } from "../loop/event-loop.js";
import { checkProtocol } from "../net/options.js";
import type { ReadTransport, WriteTransport } from "../net/transport-kinds.js";
import type { SubprocessProtocol } from "../protocols.js";
import { callOf } from "../scheduler/call.js";
import { ESRCH } from "../sys/errno.js";
import { systemError } from "../sys/errors.js";
import { checkSendable } from "./signal-names.js";

type PipeTransport = ReadTransport | WriteTransport;

/** A child. `subprocessExec` and `subprocessShell` make them. */
export class SubprocessTransport {
  readonly #loop: EventLoop;
  readonly #child: ChildProcess;
  #protocol: SubprocessProtocol;
  readonly #pipes = new Map<number, PipeTransport>();
  #open = 0;
  /** What the protocol is to be told once it was told of the child; null from then on. */
  #pending: (() => void)[] | null = [];
  #returncode: number | null = null;
  #closed = false;
  #ended = false;
  #waiters: OwnResult<number>[] = [];

  /** @internal Users call `loop.subprocessExec()`. */
  constructor(loop: EventLoop, child: ChildProcess, protocol: SubprocessProtocol) {
    this.#loop = loop;
    this.#child = child;
    this.#protocol = protocol;
    const exited = loop._scheduler.expect(
      EventKind.ChildExited,
      callOf(() => this.#processExited()),
    );
    if (child.exitCode !== null || child.signalCode !== null) loop._scheduler.arrived(EventKind.ChildExited, exited);
    else child.once("exit", () => loop._scheduler.arrived(EventKind.ChildExited, exited));
  }

  /** The child's process id. */
  getPid(): number {
    return this.#child.pid as number;
  }

  /** The exit code, -N if the signal N ended it, or null while it runs. 0 also for a real-time signal, of which Node does not tell. */
  getReturncode(): number | null {
    return this.#returncode;
  }

  /** The transport of the child's stdin (0), stdout (1) or stderr (2), or null if that is no pipe. */
  getPipeTransport(fd: 0): WriteTransport | null;
  getPipeTransport(fd: 1 | 2): ReadTransport | null;
  getPipeTransport(fd: number): PipeTransport | null;
  getPipeTransport(fd: number): PipeTransport | null {
    return this.#pipes.get(fd) ?? null;
  }

  /** What is known by that name: `subprocess` is Node's ChildProcess. */
  getExtraInfo(name: string, fallback: unknown = null): unknown {
    return name === "subprocess" ? this.#child : fallback;
  }

  /** Lets another protocol be told of everything from now on. @throws TypeError `ERR_NOT_A_PROTOCOL` */
  setProtocol(protocol: SubprocessProtocol): void {
    this.#protocol = checkProtocol(protocol);
  }

  getProtocol(): SubprocessProtocol {
    return this.#protocol;
  }

  /**
   * Sends the child a signal.
   *
   * @param signal a name or a number; 0 only asks whether the child is there
   * @throws Error `ESRCH` if it has ended, `EPERM` if it runs as somebody else; as `addSignalHandler` for what is no signal
   */
  sendSignal(signal: NodeJS.Signals | number): void {
    const sendable = checkSendable(signal);
    if (this.#returncode !== null || !this.#send(sendable)) {
      throw systemError("kill", ESRCH, { message: `process ${this.#child.pid} has ended` });
    }
  }

  /** Sends it SIGTERM. @throws as `sendSignal` */
  terminate(): void {
    this.sendSignal("SIGTERM");
  }

  /** Sends it SIGKILL. @throws as `sendSignal` */
  kill(): void {
    this.sendSignal("SIGKILL");
  }

  /** Closes the pipes, and kills the child if it still runs. May be called again. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const pipe of this.#pipes.values()) pipe.close();
    if (this.#returncode === null) this.#child.kill("SIGKILL");
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Whether it was closed, or has ended with its pipes. */
  isClosing(): boolean {
    return this.#closed || this.#ended;
  }

  toString(): string {
    const state = this.#returncode === null ? "running" : `returncode=${this.#returncode}`;
    return `<SubprocessTransport pid=${this.#child.pid} ${state}>`;
  }

  [inspect.custom](): string {
    return this.toString();
  }

  /**
   * @internal Done when the child has ended, whoever still holds its pipes.
   *
   * @throws UnsupportedError `ERR_BLOCKING_RUN`; RuntimeError `ERR_LOOP_CLOSED`
   */
  _wait(): Future<number> {
    if (this.#returncode === null) {
      this.#loop._scheduler.checkOpen();
      this.#loop._scheduler.checkNodeGoesOn("children start and end");
    }
    const waiter = ownResult<number>(this.#loop, "Process.wait");
    if (this.#returncode !== null) waiter._succeed(this.#returncode);
    else this.#waiters.push(waiter);
    return waiter;
  }

  /** @internal */
  _addPipe(fd: number, pipe: PipeTransport): void {
    this.#pipes.set(fd, pipe);
    this.#open++;
  }

  /** @internal Everything is there: tells the protocol, and then what has happened meanwhile. */
  _begin(): void {
    this.#loop.callSoon(() => this.#protocol.connectionMade?.(this));
    const pending = this.#pending ?? [];
    this.#pending = null;
    for (const call of pending) this.#loop.callSoon(call);
    this.#finishIfOver();
  }

  /** @internal */
  _pipeData(fd: number, data: Buffer): void {
    this.#tell(() => this.#protocol.pipeDataReceived?.(fd, data));
  }

  /** @internal */
  _pipeLost(fd: number, error: Error | null): void {
    this.#open--;
    this.#tell(() => this.#protocol.pipeConnectionLost?.(fd, error));
    this.#finishIfOver();
  }

  #processExited(): void {
    const { exitCode, signalCode } = this.#child;
    this.#returncode = signalCode === null ? (exitCode ?? 0) : -constants.signals[signalCode];
    for (const waiter of this.#waiters.splice(0)) settleUnlessDone(waiter, this.#returncode);
    this.#tell(() => this.#protocol.processExited?.());
    this.#finishIfOver();
  }

  #finishIfOver(): void {
    if (this.#returncode === null || this.#open > 0 || this.#pending !== null || this.#ended) return;
    this.#ended = true;
    this.#loop.callSoon(() => this.#protocol.connectionLost?.(null));
  }

  /** Answers whether the child was there. @throws Error `EPERM` */
  #send(signal: NodeJS.Signals | number): boolean {
    const { pid, exitCode, signalCode } = this.#child;
    // Not the child's own `kill`, which knows no real-time signals, and says of any failure that there is no such child. One that was not
    // reaped still has its id.
    if (exitCode !== null || signalCode !== null) return false;
    try {
      return process.kill(pid as number, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
      throw error;
    }
  }

  /** Each call is one of its own, so that an error in one keeps no other from the protocol. */
  #tell(call: () => void): void {
    if (this.#pending !== null) this.#pending.push(call);
    else this.#loop.callSoon(call);
  }
}

/** What the transport of a child's pipe tells. */
export function pipeProtocol(transport: () => SubprocessTransport, fd: number): object {
  const lost = { connectionLost: (error: Error | null) => transport()._pipeLost(fd, error) };
  if (fd !== 0) return { ...lost, dataReceived: (data: Buffer) => transport()._pipeData(fd, data) };
  return {
    ...lost,
    pauseWriting: () => transport().getProtocol().pauseWriting?.(),
    resumeWriting: () => transport().getProtocol().resumeWriting?.(),
  };
}
