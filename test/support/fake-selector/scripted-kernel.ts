/**
 * A stand-in for the kernel: sockets and pipes that exist in memory, and whose calls fail when a script says so.
 *
 * Owns: what C is told of such a descriptor. While installed it answers for them in the table of C functions
 * (`host/sys/libc.ts`), so that everything above runs as it is; all other descriptors are the real kernel's. The number of
 * each is that of a real descriptor, which keeps it from being used twice and lets leaks be seen. Sockets for datagrams are
 * real ones: what a script leaves alone is done by the real kernel.
 *
 * Does not own: when the loop hears of readiness (`scripted-selector.ts`), the scripts (`faults.ts`).
 */
import { readSync } from "node:fs";
import { Readiness } from "../../../assembly/abi.js";
import { AF_UNIX, SO_DOMAIN, SO_TYPE, SOCK_STREAM } from "../../../host/constants.js";
import { EAGAIN, ECONNRESET, EINVAL, EPIPE } from "../../../host/sys/errno.js";
import { createEventfd } from "../../../host/sys/eventfd.js";
import { type CFunctions, type Libc, libc } from "../../../host/sys/libc.js";

/** What a script can do to. */
export type Operation = "receive" | "send" | "accept" | "shutdown";

/** What becomes of a call: it fails, it moves so many bytes at the most, or it is left alone. */
export type Fault = { readonly errno: number } | { readonly bytes: number } | null;

/** Decides on each call; `count` numbers those of all kinds from 0 on. */
export type Script = (operation: Operation, count: number) => Fault;

const CAPACITY_BYTES = 64 * 1024;
/** What one receive can give: it goes through a real socket, which must have room for it. */
const RECEIVE_BYTES_MAX = 16 * 1024;
const MSG_PEEK = 2;
const POLLIN = 0x1;
const POLLOUT = 0x4;
const POLLERR = 0x8;
const POLLHUP = 0x10;
/** Where the number of datagrams stands among the arguments of recvmmsg and sendmmsg. */
const COUNT = 1;

/** The calls that are answered here for simulated descriptors. */
const ANSWERED = [
  "recv",
  "recvView",
  "send",
  "sendFrom",
  "sendfile",
  "read",
  "readView",
  "write",
  "listen",
  "accept4",
  "shutdown",
  "getsockopt",
  "setsockopt",
  "getsockname",
  "getpeername",
  "close",
] as const satisfies (keyof CFunctions)[];

/** The calls of a socket for datagrams that a script may have fail, and what they do. */
const FALLIBLE = { send: "send", sendto: "send", sendmmsg: "send", recvmmsg: "receive" } as const satisfies Partial<
  Record<keyof CFunctions, Operation>
>;

/** One simulated descriptor. */
interface File {
  /** What was sent to it and not received yet. */
  inbound: Buffer;
  inboundEnded: boolean;
  /** What it has sent and its peer has not taken yet, and how much that is. */
  outbound: Buffer[];
  outboundBytes: number;
  outboundEnded: boolean;
  readonly capacity: number;
  peerClosed: boolean;
  /** Of a connection that is broken: told once, to whichever call comes next. */
  resetErrno: number;
  closed: boolean;
  /** Of a listening socket: those who wait to be accepted. */
  readonly backlog: number[];
}

/** The other end of a simulated connection, in the hands of the test. */
export class ScriptedPeer {
  readonly #file: File;

  constructor(file: File) {
    this.#file = file;
  }

  /** Sends; there is always room. */
  async send(data: Uint8Array): Promise<void> {
    this.#file.inbound = Buffer.concat([this.#file.inbound, data]);
  }

  /** Takes what has come. */
  read(): Buffer {
    const data = Buffer.concat(this.#file.outbound);
    this.#file.outbound = [];
    this.#file.outboundBytes = 0;
    return data;
  }

  /** Whether all was read that will ever come. */
  get ended(): boolean {
    const { outboundBytes, outboundEnded, closed } = this.#file;
    return outboundBytes === 0 && (outboundEnded || closed);
  }

  /** Sends nothing any more. */
  end(): void {
    this.#file.inboundEnded = true;
  }

  /** Is gone; what it has sent can still be received. */
  close(): void {
    this.#file.inboundEnded = true;
    this.#file.peerClosed = true;
  }

  /** Breaks the connection. */
  reset(): void {
    this.close();
    this.#file.inbound = Buffer.alloc(0);
    this.#file.resetErrno = ECONNRESET;
  }
}

export class ScriptedKernel {
  /** How many calls a script was asked about. */
  calls = 0;
  /** Every call that was made, for messages. */
  readonly log: string[] = [];
  script: Script;
  readonly #table: Libc;
  readonly #real: Libc;
  readonly #files = new Map<number, File>();
  readonly #datagrams = new Set<number>();
  /** What is sent to the first of each is received by the second. */
  readonly #ways: (readonly [File, File])[] = [];
  readonly #scratch: [number, number];
  #errno = 0;

  /** Takes the place of the kernel until `uninstall`. */
  constructor(script: Script = () => null) {
    this.script = script;
    this.#table = libc();
    this.#real = { ...Object.getPrototypeOf(this.#table), ...this.#table };
    const fds = new Int32Array(2);
    this.#real.socketpair(AF_UNIX, SOCK_STREAM, 0, new Uint8Array(fds.buffer));
    this.#scratch = [fds[0] as number, fds[1] as number];
    for (const name of ANSWERED) this.#answer(name);
    for (const [name, operation] of Object.entries(FALLIBLE)) {
      this.#fail(name as keyof typeof FALLIBLE, operation);
    }
    this.#table.poll = (fds, count, timeoutMs) => this.#poll(fds as Uint8Array, count, timeoutMs);
    this.#table.errno = () => {
      const errno = this.#errno;
      this.#errno = 0;
      return errno === 0 ? this.#real.errno() : errno;
    };
  }

  /** Gives everything back to the real kernel. */
  uninstall(): void {
    Object.assign(this.#table, this.#real);
    for (const fd of this.#scratch) this.#table.close(fd);
  }

  /**
   * Makes a connection, or turns a descriptor into one end of one.
   *
   * @param capacity how much can be sent before the peer takes some of it
   */
  connection(capacity = CAPACITY_BYTES, fd = createEventfd()): [fd: number, peer: ScriptedPeer] {
    return [fd, new ScriptedPeer(this.#open(capacity, fd))];
  }

  /** Makes both ends of a connection. */
  pair(capacity = CAPACITY_BYTES): [fd: number, fd: number] {
    const fds: [number, number] = [createEventfd(), createEventfd()];
    const [left, right] = [this.#open(capacity, fds[0]), this.#open(capacity, fds[1])];
    this.#ways.push([left, right], [right, left]);
    return fds;
  }

  /** Makes a listening socket, and a function that connects to it. */
  listener(): [fd: number, connect: () => ScriptedPeer] {
    const fd = createEventfd();
    const listening = this.#open(0, fd);
    const connect = (): ScriptedPeer => {
      const [accepted, peer] = this.connection();
      listening.backlog.push(accepted);
      return peer;
    };
    return [fd, connect];
  }

  /** Asks the script about each call on a socket for datagrams, until `uninstall`. */
  datagrams(fd: number): void {
    this.#datagrams.add(fd);
  }

  /** What a selector says of a descriptor, as bits of Readiness; -1 if it is none of ours. */
  readinessOf(fd: number): number {
    if (this.#datagrams.has(fd)) return this.#realReadinessOf(fd);
    const file = this.#files.get(fd);
    if (file === undefined) return -1;
    const broken = file.resetErrno !== 0 || file.peerClosed;
    const readable = file.inbound.length > 0 || file.inboundEnded || file.backlog.length > 0 || broken;
    const writable = file.outboundBytes < file.capacity || broken;
    return (readable ? Readiness.Read : 0) | (writable ? Readiness.Write : 0) | (broken ? Readiness.Hangup : 0);
  }

  #open(capacity: number, fd: number): File {
    const file: File = {
      inbound: Buffer.alloc(0),
      inboundEnded: false,
      outbound: [],
      outboundBytes: 0,
      outboundEnded: false,
      capacity,
      peerClosed: false,
      resetErrno: 0,
      closed: false,
      backlog: [],
    };
    this.#files.set(fd, file);
    return file;
  }

  #realReadinessOf(fd: number): number {
    const words = Int32Array.of(fd, POLLIN | POLLOUT);
    this.#real.poll(new Uint8Array(words.buffer), 1, 0);
    const told = (words[1] as number) >>> 16;
    // A datagram that was refused is told of by whichever call comes next.
    const broken = (told & (POLLERR | POLLHUP)) !== 0;
    const readable = (told & POLLIN) !== 0 || broken;
    return (readable ? Readiness.Read : 0) | (told & POLLOUT || broken ? Readiness.Write : 0);
  }

  /** Has a call on a socket for datagrams fail when the script says so; `bytes` are then datagrams. */
  #fail(name: keyof typeof FALLIBLE, operation: Operation): void {
    const table = this.#table as unknown as Record<string, (fd: number, ...rest: unknown[]) => number>;
    const below = table[name] as (fd: number, ...rest: unknown[]) => number;
    table[name] = (fd, ...rest) => {
      if (!this.#datagrams.has(fd)) return below(fd, ...rest);
      const fault = this.script(operation, this.calls++);
      this.log.push(`${name}(${fd}): ${JSON.stringify(fault)}`);
      if (fault !== null && "errno" in fault) {
        this.#errno = fault.errno;
        return -1;
      }
      if (fault !== null && name.endsWith("mmsg")) rest[COUNT] = Math.min(rest[COUNT] as number, fault.bytes);
      return below(fd, ...rest);
    };
  }

  #answer(name: (typeof ANSWERED)[number]): void {
    const real = this.#real[name] as (fd: number, ...rest: unknown[]) => number;
    const table = this.#table as unknown as Record<string, typeof real>;
    table[name] = (fd, ...rest) => {
      const file = this.#files.get(fd);
      if (file === undefined) return real(fd, ...rest);
      const result = this.#call(name, fd, file, rest);
      this.log.push(`${name}(${fd}) = ${result}`);
      for (const [from, to] of this.#ways) carry(from, to);
      if (result >= 0) return result;
      this.#errno = -result;
      return -1;
    };
  }

  /** Answers a count or a negative errno. */
  #call(name: (typeof ANSWERED)[number], fd: number, file: File, rest: unknown[]): number {
    switch (name) {
      case "recv":
      case "recvView":
      case "read":
      case "readView":
        return this.#receive(file, rest[0] as number | Uint8Array, rest[1] as number, Number(rest[2] ?? 0));
      case "send":
      case "write":
        return this.#send(file, (rest[0] as Uint8Array).subarray(0, rest[1] as number));
      case "sendFrom":
        return this.#send(file, this.#bytesAt(rest[0] as number, rest[1] as number));
      case "sendfile":
        return this.#sendfile(file, rest[0] as number, this.#bytesAt(rest[1] as number, 8), rest[2] as number);
      case "accept4":
        return this.#accept(file);
      case "shutdown":
        return this.#shutdown(file);
      case "getsockopt":
        return getOption(rest[1] as number, rest[2] as Uint8Array);
      case "listen":
      case "setsockopt":
        return 0;
      case "close":
        file.closed = true;
        this.#files.delete(fd);
        // Who was not accepted goes with it.
        for (const waiting of file.backlog) this.#table.close(waiting);
        return this.#real.close(fd);
      default:
        return -EINVAL;
    }
  }

  /** Of one descriptor, as `isHungUp` asks. */
  #poll(fds: Uint8Array, count: number, timeoutMs: number): number {
    const view = new DataView(fds.buffer, fds.byteOffset);
    const readiness = this.readinessOf(view.getInt32(0, true));
    if (readiness < 0) return this.#real.poll(fds, count, timeoutMs);
    view.setUint16(6, readiness & Readiness.Hangup ? POLLHUP : 0, true);
    return 1;
  }

  #receive(file: File, target: number | Uint8Array, size: number, flags: number): number {
    const limit = this.#consult("receive", Math.min(size, RECEIVE_BYTES_MAX));
    if (limit < 0) return limit;
    if (file.resetErrno !== 0) return breakOnce(file);
    const data = file.inbound.subarray(0, limit);
    if (data.length === 0) return file.inboundEnded ? 0 : -EAGAIN;
    if (!(flags & MSG_PEEK)) file.inbound = file.inbound.subarray(data.length);
    if (typeof target !== "number") {
      target.set(data);
      return data.length;
    }
    // Only C can write to an address.
    this.#real.send(this.#scratch[0], data, data.length, 0);
    return this.#real.recv(this.#scratch[1], target, data.length, 0);
  }

  #send(file: File, data: Uint8Array): number {
    const limit = this.#consult("send", data.length);
    if (limit < 0) return limit;
    if (file.resetErrno !== 0) return breakOnce(file);
    if (file.peerClosed || file.outboundEnded) return -EPIPE;
    const taken = Math.min(limit, file.capacity - file.outboundBytes);
    if (taken <= 0) return -EAGAIN;
    file.outbound.push(Buffer.from(data.subarray(0, taken)));
    file.outboundBytes += taken;
    return taken;
  }

  /** Of a real file, from an offset of 8 bytes on. The end of the file is told without asking the script. */
  #sendfile(file: File, from: number, offset: Buffer, size: number): number {
    const data = Buffer.alloc(Math.min(size, file.capacity));
    const length = readSync(from, data, 0, data.length, Number(offset.readBigUInt64LE()));
    return length === 0 ? 0 : this.#send(file, data.subarray(0, length));
  }

  /** Only C can read from an address. */
  #bytesAt(address: number, size: number): Buffer {
    const bytes = Buffer.alloc(size);
    this.#real.sendFrom(this.#scratch[0], address, size, 0);
    this.#real.recvView(this.#scratch[1], bytes, size, 0);
    return bytes;
  }

  #accept(file: File): number {
    if (file.backlog.length === 0) return -EAGAIN;
    const limit = this.#consult("accept", 0);
    return limit < 0 ? limit : (file.backlog.shift() as number);
  }

  #shutdown(file: File): number {
    const limit = this.#consult("shutdown", 0);
    if (limit < 0) return limit;
    file.outboundEnded = true;
    return 0;
  }

  /** How many bytes a call may move, or the negative errno that it fails with. */
  #consult(operation: Operation, wanted: number): number {
    const fault = this.script(operation, this.calls++);
    if (fault === null) return wanted;
    return "errno" in fault ? -fault.errno : Math.min(wanted, fault.bytes);
  }
}

/** Brings what was sent to the other end, when that has taken what came before. */
function carry(from: File, to: File): void {
  if (to.inbound.length === 0) {
    to.inbound = Buffer.concat(from.outbound);
    from.outbound = [];
    from.outboundBytes = 0;
  }
  if (from.outboundBytes === 0 && (from.outboundEnded || from.closed)) to.inboundEnded = true;
  if (from.closed) to.peerClosed = true;
}

/** A broken connection says so once; afterwards it is at its end. */
function breakOnce(file: File): number {
  const errno = file.resetErrno;
  file.resetErrno = 0;
  return -errno;
}

function getOption(option: number, value: Uint8Array): number {
  const answer = option === SO_DOMAIN ? AF_UNIX : option === SO_TYPE ? SOCK_STREAM : 0;
  value.fill(0);
  value[0] = answer;
  return 0;
}
