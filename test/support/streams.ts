/**
 * Streams of Node's for tests that want two ends of something.
 *
 * Owns: two streams of which each reads what the other was written. Does not own: waiting, and destroying them.
 */
import { once } from "node:events";
import { Duplex, type Readable } from "node:stream";

class Half extends Duplex {
  other!: Half;
  #whenRead: (() => void) | null = null;

  override _read(): void {
    const done = this.#whenRead;
    this.#whenRead = null;
    done?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.other.push(chunk)) done();
    else this.other.#whenRead = done;
  }

  override _final(done: () => void): void {
    this.other.push(null);
    done();
  }
}

/** Two ends of a connection that is nothing but memory. */
export function duplexPair(highWaterMark = 16 * 1024): [Duplex, Duplex] {
  const options = { highWaterMark, allowHalfOpen: true };
  const [left, right] = [new Half(options), new Half(options)];
  left.other = right;
  right.other = left;
  return [left, right];
}

/** Everything that comes until the stream ends, which is not destroyed then. */
export async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(stream, "end");
  return Buffer.concat(chunks);
}
