/**
 * One test body, several kinds of socket for datagrams: UDP and Unix, on the real loop, and on a scripted one where the
 * kernel's calls fail.
 *
 * Owns: the arms, and a stage for each test: two sockets that know each other. After each test what holds for all of them is
 * checked, as for connections (`arms.ts`).
 *
 * Does not own: the scripted kernel (`test/support/fake-selector/`), the tests.
 */
import { AF_INET, AF_UNIX, SOCK_DGRAM } from "../../../host/constants.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import type { Address } from "../../../host/net/address.js";
import { Socket } from "../../../host/net/socket.js";
import { EAGAIN, EINTR } from "../../../host/sys/errno.js";
import { confusion, everyOther, inPieces } from "../../support/fake-selector/faults.js";
import { type Script, ScriptedKernel } from "../../support/fake-selector/scripted-kernel.js";
import type { Telling } from "../../support/fake-selector/scripted-selector.js";
import { type BareStage, playOn, scriptedLoop } from "./arms.js";
import { Notes } from "./datagram-notes.js";

/** The other side: a socket in the hands of the test. */
export class DatagramPeer {
  readonly socket: Socket;
  readonly address: Address;

  constructor(socket: Socket) {
    this.socket = socket;
    this.address = socket.getsockname();
  }

  /** Takes what has come. */
  read(): Buffer[] {
    const got: Buffer[] = [];
    for (;;) {
      try {
        got.push(this.socket.recv(1 << 20));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EAGAIN") return got;
        throw error;
      }
    }
  }

  /** Takes what has come, as texts. */
  texts(): string[] {
    return this.read().map(String);
  }
}

/** What a test has. */
export interface DatagramStage extends BareStage<Notes> {
  /** Makes a socket for the endpoint, and its peer. Each has an address; the first may be connected to the other. */
  sockets(connected?: boolean): [Socket, DatagramPeer];
}

/** A kind of socket on a kind of loop. */
export interface DatagramArm {
  readonly name: string;
  readonly isUnix: boolean;
  /** Makes the body of a test of one that plays on a stage. */
  play(body: (stage: DatagramStage) => Promise<void>): () => Promise<void>;
}

/** Time has to go on while anything is ready, as an endpoint may wait for the clock. */
const ITERATION_SECONDS = 0.0001;

type Family = "UDP" | "Unix";

let named = 0;

function bound(family: Family): Socket {
  const socket = new Socket(family === "UDP" ? AF_INET : AF_UNIX, SOCK_DGRAM);
  socket.bind(family === "UDP" ? { host: "127.0.0.1", port: 0 } : `\0wasyncio-datagrams-${process.pid}-${named++}`);
  return socket;
}

function playWith(
  family: Family,
  loop: EventLoop,
  prepare: (socket: Socket) => void,
  body: (stage: DatagramStage) => Promise<void>,
): Promise<void> {
  const opened: Socket[] = [];
  const sockets = (connected = false): [Socket, DatagramPeer] => {
    const [ours, theirs] = [bound(family), bound(family)];
    opened.push(ours, theirs);
    prepare(ours);
    const peer = new DatagramPeer(theirs);
    if (connected) ours.connect(peer.address);
    return [ours, peer];
  };
  return playOn(loop, { sockets }, (own) => new Notes(own), body).finally(() => {
    for (const socket of opened) socket.close();
  });
}

function realArm(family: Family): DatagramArm {
  return {
    name: family,
    isUnix: family === "Unix",
    play: (body) => () => playWith(family, new EventLoop(), () => {}, body),
  };
}

/** An arm whose kernel asks a script about each call. Each test gets the script from its start. */
export function scriptedDatagrams(
  family: Family,
  name: string,
  makeScript: () => Script,
  telling: Telling = {},
): DatagramArm {
  return {
    name: `${family}, ${name}`,
    isUnix: family === "Unix",
    play: (body) => () => {
      const kernel = new ScriptedKernel(makeScript());
      const prepare = (socket: Socket): void => kernel.datagrams(socket.fileno());
      return playWith(
        family,
        scriptedLoop(kernel, telling, { iterationSeconds: ITERATION_SECONDS }),
        prepare,
        body,
      ).finally(() => kernel.uninstall());
    },
  };
}

/** Kernels that do what a kernel may do at any time. */
const SCRIPTED_ARMS = (["UDP", "Unix"] as const).flatMap((family) => [
  scriptedDatagrams(family, "a script without faults", () => () => null),
  scriptedDatagrams(family, "one datagram at a time", () => inPieces(1)),
  scriptedDatagrams(family, "EINTR at every other call", () => everyOther(EINTR)),
  scriptedDatagrams(family, "EAGAIN at every other call", () => everyOther(EAGAIN)),
  scriptedDatagrams(family, "readiness that is not there", () => () => null, { spurious: true }),
  ...[1, 2, 3].map((seed) => scriptedDatagrams(family, `confusion ${seed}`, () => confusion(seed))),
]);

/** All of them. */
export const DATAGRAM_ARMS: readonly DatagramArm[] = [realArm("UDP"), realArm("Unix"), ...SCRIPTED_ARMS];
