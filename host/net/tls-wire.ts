/**
 * What lies below TLS, as the stream that node:tls wants: a connection of ours, on a shorter way than any Duplex has.
 *
 * Owns: writes that go straight to the transport, those between `cork` and `uncork` together; memory into which ciphertext is received,
 * and from which node:tls has copied it when `data` has been emitted. A stream of Node's keeps account of both, which nobody needs here.
 *
 * Does not own: ends, errors and flow control (`transport-duplex.ts`).
 */
import { markAsUntransferable } from "node:worker_threads";
import type { Transport } from "./transport.js";
import { type Done, type Reception, TransportDuplex } from "./transport-duplex.js";

const CIPHERTEXT_BYTES = 64 * 1024;

/** Memory that nobody has bytes in. One block is enough, unless TLS runs over TLS. */
const free: Buffer[] = [];

/** The stream below a TLSSocket, and nobody else's. */
export class TlsWire extends TransportDuplex {
  #corks = 0;
  #pieces: Uint8Array[] = [];
  #dones: Done[] = [];
  /** Whether the transport has yet to make room for what it was given last. */
  #sending = false;

  constructor(transport: Transport) {
    // What was received is still in the TLSSocket when the connection is gone. It destroys this stream once that was read.
    super(transport, { allowHalfOpen: true, autoDestroy: false });
  }

  override cork(): void {
    this.#corks++;
  }

  override uncork(): void {
    if (this.#corks > 0 && --this.#corks === 0) this.#send();
  }

  override write(piece: Uint8Array, encodingOrDone?: unknown, done: unknown = encodingOrDone): boolean {
    this.#pieces.push(piece);
    if (typeof done === "function") this.#dones.push(done as Done);
    if (this.#corks === 0) this.#send();
    return !this._isFull;
  }

  /** @internal */
  protected override get _reception(): Reception {
    return {
      getBuffer: memory,
      bufferUpdated: (size) => {
        // Until all of it was taken, what a layer above receives needs another place.
        const bytes = free.pop() as Buffer;
        try {
          this._receive(bytes.subarray(0, size), true);
        } finally {
          free.push(bytes);
        }
      },
    };
  }

  #send(): void {
    const pieces = this.#pieces;
    const dones = this.#dones;
    if (this.#sending || pieces.length === 0) return;
    this.#pieces = [];
    this.#dones = [];
    this.#sending = true;
    this._send(pieces, (error) => {
      this.#sending = false;
      for (const done of dones) done(error);
      if (error) this.destroy(error);
      else if (this.#corks === 0) this.#send();
    });
  }
}

/** Memory to receive into next. */
function memory(): Buffer {
  const last = free.at(-1);
  if (last !== undefined) return last;
  const bytes = Buffer.allocUnsafeSlow(CIPHERTEXT_BYTES);
  markAsUntransferable(bytes.buffer);
  free.push(bytes);
  return bytes;
}
