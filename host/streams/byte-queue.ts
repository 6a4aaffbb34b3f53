/**
 * Bytes that have come and were not read yet.
 *
 * Owns: keeping the pieces as they came, finding a separator in them, and taking bytes from their front. A piece is copied
 * once at the most, when bytes of several pieces are taken together.
 *
 * Does not own: when anything is read (`stream-reader.ts`).
 */

/** A queue of bytes. */
export class ByteQueue {
  #pieces: Buffer[] = [];
  /** The first piece that is not taken yet; those before it are dropped now and then, all together. */
  #first = 0;
  #size = 0;

  /** How many bytes there are. */
  get size(): number {
    return this.#size;
  }

  /** Puts bytes at the end. They are not copied. */
  push(data: Uint8Array): void {
    const piece = Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    this.#pieces.push(piece);
    this.#size += piece.length;
  }

  /** Takes so many bytes from the front, or all if there are fewer. */
  take(size: number): Buffer {
    let wanted = Math.min(size, this.#size);
    this.#size -= wanted;
    const taken: Buffer[] = [];
    while (wanted > 0) {
      const piece = this.#pieces[this.#first] as Buffer;
      if (piece.length > wanted) {
        taken.push(piece.subarray(0, wanted));
        this.#pieces[this.#first] = piece.subarray(wanted);
        break;
      }
      taken.push(piece);
      this.#first++;
      wanted -= piece.length;
    }
    this.#forgetTaken();
    return taken.length === 1 ? (taken[0] as Buffer) : Buffer.concat(taken);
  }

  /** Where the separator begins, counted from the front, or -1. What is before `from` is not looked at. */
  find(separator: Uint8Array, from: number): number {
    let [index, start] = this.#pieceAt(from);
    let inPiece = from - start;
    for (; index < this.#pieces.length; index++) {
      const piece = this.#pieces[index] as Buffer;
      const whole = piece.indexOf(separator, inPiece);
      if (whole >= 0) return start + whole;
      // It may begin near the end of this piece and go on in the next ones.
      for (let at = Math.max(inPiece, piece.length - separator.length + 1); at < piece.length; at++) {
        if (this.#isAt(separator, index, at)) return start + at;
      }
      start += piece.length;
      inPiece = 0;
    }
    return -1;
  }

  /** The piece that an offset is in, and where that piece begins. From the end, as most of what is there was looked through. */
  #pieceAt(offset: number): [index: number, start: number] {
    let index = this.#pieces.length;
    let start = this.#size;
    while (index > this.#first && start > offset) start -= (this.#pieces[--index] as Buffer).length;
    return [index, start];
  }

  #isAt(separator: Uint8Array, index: number, at: number): boolean {
    let piece = this.#pieces[index];
    for (const byte of separator) {
      while (piece !== undefined && at >= piece.length) {
        piece = this.#pieces[++index];
        at = 0;
      }
      if (piece?.[at++] !== byte) return false;
    }
    return true;
  }

  #forgetTaken(): void {
    if (this.#first < this.#pieces.length && this.#first < 64) return;
    if (this.#first < this.#pieces.length && this.#first * 2 < this.#pieces.length) return;
    this.#pieces = this.#pieces.slice(this.#first);
    this.#first = 0;
  }
}
