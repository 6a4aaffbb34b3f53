/**
 * Names of hosts and services: the C library's getaddrinfo and getnameinfo.
 *
 * Owns: the calls, made on a thread of libuv's pool, because they may wait for a name server for many seconds; their
 * memory, which must outlive the call whoever else has lost interest; freeing what they answered.
 *
 * Does not own: how many of them run at a time (`net/lookups.ts`), and what their failures are called there. A process
 * or a worker that ends while a call runs ends when the call does, as with `node:dns`.
 */

import { NI_NUMERICHOST, NI_NUMERICSERV } from "../constants.js";
import { libc } from "./libc.js";
import { Memory } from "./memory.js";
import { type Address, type InetAddress, SocketName } from "./sockaddr.js";

/** One way to reach a host: what to make a socket with, and what to connect or bind it to. */
export interface AddressInfo {
  /** AF_INET or AF_INET6. */
  family: number;
  /** SOCK_STREAM, SOCK_DGRAM and so on. */
  type: number;
  proto: number;
  /** With AI_CANONNAME, the first answer has the host's canonical name; otherwise "". */
  canonname: string;
  address: InetAddress;
}

/** What getaddrinfo is asked. */
export interface AddressQuestion {
  readonly host: string | null;
  /** A name, or a number in decimal. */
  readonly service: string | null;
  readonly family: number;
  readonly type: number;
  readonly proto: number;
  readonly flags: number;
}

/** Why a call answered nothing. */
export interface NameFailure {
  /** The EAI_ number as the C library has it: negative. */
  readonly status: number;
  /** Positive; of EAI_SYSTEM only. */
  readonly errno: number;
}

/** Called once, when the call has ended, on the thread that began it. Must not throw. */
export type Answered<T> = (failure: NameFailure | null, answer: T | null) => void;

/*
 *   addrinfo   0 flags   4 family   8 type   12 proto   16 length of the address   24 address   32 canonname   40 next
 */
const ADDRINFO_BYTES = 48;
const POINTER_BYTES = 8;
const HOST_BYTES = 1025;
const SERVICE_BYTES = 32;
const CANONNAME_BYTES_MAX = 1024;

const NUMERIC_FLAGS = NI_NUMERICHOST | NI_NUMERICSERV;

/** What the calls under way read and write. C holds only addresses, so nobody else keeps it alive. */
const inUse = new Set<object>();

/**
 * Asks for the addresses of a host and a service.
 *
 * @throws Error when koffi runs as many calls as it can
 */
export function askAddresses(question: AddressQuestion, answered: Answered<AddressInfo[]>): void {
  const c = libc();
  const texts = [question.host, question.service].map((text) => (text === null ? null : memoryOf(text)));
  const [host, service] = texts.map((text) => text?.address ?? 0) as [number, number];
  const hints = new Memory(ADDRINFO_BYTES + POINTER_BYTES);
  hints.bytes.fill(0);
  const { flags, family, type, proto } = question;
  for (const [index, word] of [flags, family, type, proto].entries()) hints.bytes.writeInt32LE(word, index * 4);
  const memories = { texts, hints };
  const done = (_error: unknown, status: number): void => {
    const errno = c.errno();
    inUse.delete(memories);
    if (status !== 0) return answered({ status, errno }, null);
    const list = hints.bytes.readBigUInt64LE(ADDRINFO_BYTES);
    const infos = readList(list);
    c.freeaddrinfo(list);
    answered(null, infos);
  };
  c.getaddrinfo.async(host, service, hints.address, hints.address + ADDRINFO_BYTES, done);
  inUse.add(memories);
}

/** Whether flags of getnameinfo leave nothing to look up, so that the call never waits. */
export function looksUpNothing(flags: number): boolean {
  return (flags & NUMERIC_FLAGS) === NUMERIC_FLAGS;
}

/**
 * Asks for the names of an address: its host and its service. Where that looks up nothing, the answer comes at once.
 *
 * @param address of the family, as `net/address.ts` has checked it
 * @throws Error when koffi runs as many calls as it can
 */
export function askNames(
  family: number,
  address: Address,
  flags: number,
  answered: Answered<[host: string, service: string]>,
): void {
  const c = libc();
  const name = new SocketName();
  const length = name.write(family, address);
  const texts = new Memory(HOST_BYTES + SERVICE_BYTES);
  const { address: host, bytes } = texts;
  const service = host + HOST_BYTES;
  const memories = { name, texts };
  const done = (_error: unknown, status: number): void => {
    const errno = c.errno();
    inUse.delete(memories);
    if (status !== 0) return answered({ status, errno }, null);
    answered(null, [textIn(bytes.subarray(0, HOST_BYTES)), textIn(bytes.subarray(HOST_BYTES))]);
  };
  if (looksUpNothing(flags)) {
    done(null, c.getnameinfo(name.address, length, host, HOST_BYTES, service, SERVICE_BYTES, flags));
    return;
  }
  c.getnameinfo.async(name.address, length, host, HOST_BYTES, service, SERVICE_BYTES, flags, done);
  inUse.add(memories);
}

/** What an EAI_ number means, in the C library's words: `Name or service not known`. */
export function nameFailureText(status: number): string {
  return libc().gai_strerror(status);
}

let entry: Memory | undefined;
let entryName: SocketName | undefined;

function readList(first: bigint): AddressInfo[] {
  const c = libc();
  entry ??= new Memory(ADDRINFO_BYTES);
  entryName ??= new SocketName();
  const { bytes } = entry;
  const infos: AddressInfo[] = [];
  for (let at = first; at !== 0n; at = bytes.readBigUInt64LE(40)) {
    c.memcpy(entry.address, at, ADDRINFO_BYTES);
    const [family, type, proto, length] = [4, 8, 12, 16].map((offset) => bytes.readInt32LE(offset)) as [
      number,
      number,
      number,
      number,
    ];
    entryName.setLength(length);
    c.memcpy(entryName.address, bytes.readBigUInt64LE(24), length);
    const address = entryName.read() as InetAddress;
    infos.push({ family, type, proto, canonname: textAt(bytes.readBigUInt64LE(32)), address });
  }
  return infos;
}

/** The text at an address, which C ends with a NUL; "" for NULL. */
function textAt(address: bigint): string {
  if (address === 0n) return "";
  const c = libc();
  const text = new Memory(CANONNAME_BYTES_MAX + 1);
  const length = c.strnlen(address, CANONNAME_BYTES_MAX);
  c.memcpy(text.address, address, length);
  return text.bytes.toString("utf8", 0, length);
}

function textIn(bytes: Buffer): string {
  return bytes.toString("utf8", 0, bytes.indexOf(0));
}

/** A text with a NUL behind it. */
function memoryOf(text: string): Memory {
  const memory = new Memory(Buffer.byteLength(text) + 1);
  memory.bytes[memory.bytes.write(text)] = 0;
  return memory;
}
