/**
 * One test body, several kinds of connection: real sockets and pipes, and a scripted kernel with faults.
 *
 * Owns: the arms; a stage for each test, with a loop, connections, and the checks that hold for every test: the loop was
 * told of no error that the test did not expect, `connectionLost` came once and last, and nothing is watched any more.
 *
 * Does not own: the scripted kernel (`test/support/fake-selector/`), the arms of datagrams (`datagram-arms.ts`), the tests.
 */
import * as assert from "uvu/assert";
import { SHUT_WR, SO_LINGER, SO_RCVBUF, SO_SNDBUF, SOL_SOCKET } from "../../../host/constants.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import type { ExceptionContext } from "../../../host/loop/exception-handler.js";
import { type FileDescriptor, pipe } from "../../../host/net/pipe.js";
import { Socket, socketpair } from "../../../host/net/socket.js";
import type { Transport } from "../../../host/net/transport.js";
import type { StreamProtocol } from "../../../host/protocols.js";
import { WatchHandle } from "../../../host/scheduler/handle.js";
import { EAGAIN, EINTR } from "../../../host/sys/errno.js";
import { confusion, everyOther, inPieces } from "../../support/fake-selector/faults.js";
import { type Pace, ScriptedDriver } from "../../support/fake-selector/scripted-driver.js";
import { type Script, ScriptedKernel } from "../../support/fake-selector/scripted-kernel.js";
import { ScriptedSelector, type Telling } from "../../support/fake-selector/scripted-selector.js";
import { tcpPair } from "../../support/sockets.js";
import { iteration, Recorder } from "./support.js";

/** The other end of a connection or a pipe. */
export interface Peer {
  /** Sends all of it. */
  send(data: Uint8Array): PromiseLike<void>;
  /** Takes what has come by now. */
  read(): Buffer;
  /** Whether all was read that will ever come. */
  readonly ended: boolean;
  /** Sends nothing any more. */
  end(): void;
  close(): void;
  /** Breaks the connection. It must have been sent something that it has not read. */
  reset(): void;
}

/** What every stage has. */
export interface BareStage<R> {
  readonly loop: EventLoop;
  /** What the loop was told of. A test takes away what it expects. */
  readonly reported: ExceptionContext[];
  /** A protocol whose life is checked in the end. */
  recorder(): R;
}

/** What a test of connections has. */
export interface ConnectedStage extends BareStage<Recorder> {
  /** More than a connection holds that nobody reads from. */
  readonly tooMuch: Buffer;
  /** Connects a protocol to a peer. */
  connect(protocol: StreamProtocol): PromiseLike<[transport: Transport, peer: Peer]>;
}

/** What a test has that works on descriptors. */
export interface Stage extends ConnectedStage {
  connection(): [Socket, Peer];
  /** The end of a pipe to read from. */
  source(): [FileDescriptor, Peer];
  /** The end of a pipe to write to. */
  sink(): [FileDescriptor, Peer];
}

/** A kind of connection. */
export interface Arm<S = Stage> {
  readonly name: string;
  /** Makes the body of a test of one that plays on a stage. */
  play(body: (stage: S) => Promise<void>): () => Promise<void>;
}

class RealPeer implements Peer {
  ended = false;
  readonly #loop: EventLoop;
  readonly #socket: Socket;

  constructor(loop: EventLoop, socket: Socket) {
    this.#loop = loop;
    this.#socket = socket;
  }

  /** A connection that the transport has ended already takes nothing. */
  async send(data: Uint8Array): Promise<void> {
    await this.#loop.sockSendall(this.#socket, data).catch(unlessBroken);
  }

  read(): Buffer {
    return drain(
      (size) => this.#socket.recv(size),
      () => {
        this.ended = true;
      },
    );
  }

  end(): void {
    try {
      this.#socket.shutdown(SHUT_WR);
    } catch (error) {
      unlessBroken(error);
    }
  }

  close(): void {
    this.#socket.close();
  }

  reset(): void {
    this.#socket.setsockopt(SOL_SOCKET, SO_LINGER, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]));
    this.#socket.close();
  }
}

class PipePeer implements Peer {
  ended = false;
  readonly #loop: EventLoop;
  readonly #descriptor: FileDescriptor;

  constructor(loop: EventLoop, descriptor: FileDescriptor) {
    this.#loop = loop;
    this.#descriptor = descriptor;
  }

  async send(data: Uint8Array): Promise<void> {
    for (let rest = data; rest.byteLength > 0; await iteration(this.#loop)) {
      try {
        rest = rest.subarray(this.#descriptor.write(rest));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      }
    }
  }

  read(): Buffer {
    return drain(
      (size) => this.#descriptor.read(size),
      () => {
        this.ended = true;
      },
    );
  }

  end(): void {
    this.close();
  }

  close(): void {
    this.#descriptor.close();
  }

  reset(): void {
    this.close();
  }
}

function drain(receive: (size: number) => Buffer, atEnd: () => void): Buffer {
  const chunks: Buffer[] = [];
  try {
    for (;;) {
      const chunk = receive(65536);
      if (chunk.length === 0) {
        atEnd();
        break;
      }
      chunks.push(chunk);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") {
      unlessBroken(error);
      atEnd();
    }
  }
  return Buffer.concat(chunks);
}

function unlessBroken(error: unknown): void {
  if (!["EPIPE", "ECONNRESET", "ENOTCONN"].includes(String((error as NodeJS.ErrnoException).code))) throw error;
}

function realArm(name: string, makePair: () => [Socket, Socket], tooMuchBytes: number): Arm {
  const tooMuch = Buffer.alloc(tooMuchBytes, "too much of it ");
  return {
    name,
    play: (body) => () => {
      const loop = new EventLoop();
      const opened: { close(): void }[] = [];
      const keep = <T extends { close(): void }>(things: T[]): T[] => {
        opened.push(...things);
        return things;
      };
      const connection = (): [Socket, Peer] => {
        const [socket, other] = keep(makePair()) as [Socket, Socket];
        return [socket, new RealPeer(loop, other)];
      };
      return playOn<Means, Recorder>(
        loop,
        {
          tooMuch,
          connect: connecting(loop, connection),
          connection,
          source() {
            const [reader, writer] = keep(pipe()) as [FileDescriptor, FileDescriptor];
            return [reader, new PipePeer(loop, writer)];
          },
          sink() {
            const [reader, writer] = keep(pipe()) as [FileDescriptor, FileDescriptor];
            return [writer, new PipePeer(loop, reader)];
          },
        },
        (own) => new Recorder(own),
        body,
      ).finally(() => {
        for (const each of opened) each.close();
      });
    },
  };
}

/** An arm without a kernel. Each test gets the script from its start. */
export function scriptedArm(name: string, makeScript: () => Script, telling: Telling = {}): Arm {
  return {
    name,
    play: (body) => () => {
      const kernel = new ScriptedKernel(makeScript());
      const loop = scriptedLoop(kernel, telling);
      return playOn(loop, scriptedMeans(loop, kernel), (own) => new Recorder(own), body).finally(() =>
        kernel.uninstall(),
      );
    },
  };
}

/** A loop on a scripted kernel. */
export function scriptedLoop(kernel: ScriptedKernel, telling: Telling = {}, pace: Pace = {}): EventLoop {
  return new EventLoop(new ScriptedDriver(new ScriptedSelector(kernel, telling), pace));
}

const SCRIPTED_CAPACITY_BYTES = 4096;

type Means = Omit<Stage, keyof BareStage<Recorder>>;

/** How a protocol is connected where a connection is a socket. */
function connecting(loop: EventLoop, connection: Stage["connection"]): Stage["connect"] {
  return async (protocol) => {
    const [sock, peer] = connection();
    const [transport] = await loop.createConnection(() => protocol, null, null, { sock });
    return [transport, peer];
  };
}

function scriptedMeans(loop: EventLoop, kernel: ScriptedKernel): Means {
  /** A pipe of the real kernel lends its descriptor, so that it is of the right kind. */
  const scripted = (keep: 0 | 1): [FileDescriptor, Peer] => {
    const ends = pipe();
    const kept = ends[keep];
    ends[keep === 0 ? 1 : 0].close();
    return [kept, kernel.connection(SCRIPTED_CAPACITY_BYTES, kept.fileno())[1]];
  };
  const connection = (): [Socket, Peer] => {
    const [fd, peer] = kernel.connection(SCRIPTED_CAPACITY_BYTES);
    return [new Socket(undefined, undefined, undefined, { fileno: fd }), peer];
  };
  return {
    tooMuch: Buffer.alloc(3 * SCRIPTED_CAPACITY_BYTES, "too much of it "),
    connect: connecting(loop, connection),
    connection,
    source: () => scripted(0),
    sink: () => scripted(1),
  };
}

/** Plays a test and checks what holds for all of them. */
export async function playOn<Means, R extends { readonly trace: readonly string[] }>(
  loop: EventLoop,
  means: Means,
  makeRecorder: (loop: EventLoop) => R,
  body: (stage: BareStage<R> & Means) => Promise<void>,
): Promise<void> {
  const reported: ExceptionContext[] = [];
  const recorders: R[] = [];
  loop.setExceptionHandler((_loop, context) => reported.push(context));
  const recorder = (): R => {
    const made = makeRecorder(loop);
    recorders.push(made);
    return made;
  };
  try {
    await loop.runUntilComplete(loop.createTask(() => body({ loop, reported, recorder, ...means })));
    // What ends a transport may still be about to be called.
    loop.callSoon(() => loop.callSoon(() => loop.stop()));
    await loop.runForever();
    assert.equal(
      reported.map(({ message, exception }) => `${message}: ${exception}`),
      [],
      "the loop was told of errors",
    );
    for (const { trace } of recorders) assertSoundLife(trace);
    const watched = [...loop._scheduler.entries()].filter((entry) => entry instanceof WatchHandle);
    assert.equal(watched.map(String), [], "something is still watched");
  } finally {
    loop.close();
  }
}

/** Fails unless a protocol was told of things in an order that makes sense: see `host/protocols.ts`. */
export function assertSoundLife(trace: readonly string[]): void {
  const all = trace.join();
  assert.is(trace.filter((event) => event === "CL").length, 1, `connectionLost once: ${all}`);
  assert.is(trace.at(-1), "CL", `connectionLost last: ${all}`);
  assert.is(trace.lastIndexOf("CM"), 0, `connectionMade once and first: ${all}`);
  assert.ok(trace.filter((event) => event === "ER").length <= 1, `eofReceived once at most: ${all}`);
  if (trace.includes("ER")) assert.ok(trace.lastIndexOf("DR") < trace.indexOf("ER"), `no data after the end: ${all}`);
  const flow = trace.filter((event) => event === "PW" || event === "RW");
  for (const [index, event] of flow.entries()) assert.is(event, index % 2 === 0 ? "PW" : "RW", `taking turns: ${all}`);
}

/** Reads until there is nothing more to come, or so much has come. */
export async function readAll({ loop }: ConnectedStage, peer: Peer, size = Number.POSITIVE_INFINITY): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let count = 0; count < size && !peer.ended; await iteration(loop)) {
    const chunk = peer.read();
    chunks.push(chunk);
    count += chunk.length;
  }
  return Buffer.concat(chunks);
}

/** Lets the loop go on for a while. */
export async function iterations({ loop }: ConnectedStage, count: number): Promise<void> {
  for (let index = 0; index < count; index++) await iteration(loop);
}

/** With buffers so small that they are soon full. */
function small([left, right]: [Socket, Socket]): [Socket, Socket] {
  left.setsockopt(SOL_SOCKET, SO_SNDBUF, 32768);
  right.setsockopt(SOL_SOCKET, SO_RCVBUF, 32768);
  return [left, right];
}

/** Real sockets and pipes. */
export const REAL_ARMS: readonly Arm[] = [
  realArm("TCP", () => small(tcpPair()), 1 << 20),
  realArm("Unix sockets and pipes", () => small(socketpair()), 1 << 20),
];

/** Kernels that do what a kernel may do at any time. */
export const SCRIPTED_ARMS: readonly Arm[] = [
  scriptedArm("a script without faults", () => () => null),
  scriptedArm("three bytes at a time", () => inPieces(3)),
  scriptedArm("EINTR at every other call", () => everyOther(EINTR)),
  scriptedArm("EAGAIN at every other call", () => everyOther(EAGAIN)),
  scriptedArm("readiness that is not there", () => () => null, { spurious: true }),
  scriptedArm("events in reverse", () => inPieces(1000), { reversed: true }),
  ...[1, 2, 3].map((seed) => scriptedArm(`confusion ${seed}`, () => confusion(seed))),
];

/** All of them. */
export const ARMS: readonly Arm[] = [...REAL_ARMS, ...SCRIPTED_ARMS];
