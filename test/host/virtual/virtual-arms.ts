/**
 * Connections in a virtual network, as arms of the tests of connections (`../net/arms.ts`).
 *
 * Owns: the arms, and a peer that is no transport but the bare end of a connection.
 */
import { VirtualEventLoop } from "../../../host/testing.js";
import { VirtualEnd } from "../../../host/virtual/virtual-end.js";
import { VirtualTransport } from "../../../host/virtual/virtual-transport.js";
import { type Arm, type ConnectedStage, type Peer, playOn } from "../net/arms.js";
import { iteration, Recorder } from "../net/support.js";

class VirtualPeer implements Peer {
  readonly #loop: VirtualEventLoop;
  readonly #end: VirtualEnd;

  constructor(loop: VirtualEventLoop, end: VirtualEnd) {
    this.#loop = loop;
    this.#end = end;
  }

  get ended(): boolean {
    return this.#end.ended || this.#end.error !== null;
  }

  async send(data: Uint8Array): Promise<void> {
    for (let rest = data; rest.length > 0 && this.#end.error === null; await iteration(this.#loop)) {
      rest = rest.subarray(this.#end.send(rest));
    }
  }

  read(): Buffer {
    const pieces: Buffer[] = [];
    for (let piece = this.#end.next(); piece !== null; piece = this.#end.next()) {
      pieces.push(piece);
      this.#end.take(piece.length);
    }
    return Buffer.concat(pieces);
  }

  end(): void {
    this.#end.finish();
  }

  close(): void {
    this.#end.close();
  }

  reset(): void {
    this.#end.close();
  }
}

function virtualArm(name: string, segmentBytes: number): Arm<ConnectedStage> {
  const tooMuch = Buffer.alloc(1 << 20, "too much of it ");
  return {
    name,
    play: (body) => () => {
      const loop = new VirtualEventLoop();
      const { network } = loop;
      network.segmentBytes = segmentBytes;
      const connect: ConnectedStage["connect"] = async (protocol) => {
        const [client, server] = VirtualEnd.pair(network, { host: "a", port: 1 }, { host: "b", port: 2 });
        const transport = new VirtualTransport(loop, client, protocol);
        await iteration(loop);
        return [transport, new VirtualPeer(loop, server)];
      };
      return playOn(loop, { tooMuch, connect }, (own) => new Recorder(own), body);
    },
  };
}

/** Connections that are in memory. */
export const VIRTUAL_ARMS: readonly Arm<ConnectedStage>[] = [
  virtualArm("a virtual network", 1 << 16),
  virtualArm("a virtual network, 700 bytes at a time", 700),
];
