/**
 * RESP2, the protocol of Redis: commands as bytes, and bytes as replies.
 *
 * Owns: replies that come in pieces. It keeps what is not a whole reply yet.
 */

/** An error that the server replied with. Inside of an array it is a value like any other. */
export class ReplyError extends Error {}

export type Reply = string | number | null | ReplyError | Reply[];

/** A command and its arguments, as the server takes them. */
export function encodeCommand(words: readonly string[]): Buffer {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return Buffer.from(`*${words.length}\r\n${parts.join("")}`);
}

/** Makes replies of what is received. */
export class ReplyParser {
  #rest: Buffer = Buffer.alloc(0);
  #at = 0;

  /** The replies that are whole, now that more has come. */
  feed(data: Uint8Array): Reply[] {
    this.#rest = Buffer.concat([this.#rest, data]);
    const replies: Reply[] = [];
    for (let used = 0; ; used = this.#at) {
      this.#at = used;
      const reply = this.#next();
      if (reply === undefined) {
        this.#rest = this.#rest.subarray(used);
        this.#at = 0;
        return replies;
      }
      replies.push(reply);
    }
  }

  /** The reply that begins here, or undefined if its end is still to come. */
  #next(): Reply | undefined {
    const end = this.#rest.indexOf("\r\n", this.#at);
    if (end < 0) return undefined;
    const kind = String.fromCharCode(this.#rest[this.#at] as number);
    const line = this.#rest.toString("utf8", this.#at + 1, end);
    this.#at = end + 2;
    if (kind === "+") return line;
    if (kind === "-") return new ReplyError(line);
    if (kind === ":") return Number(line);
    if (kind === "$") return this.#bulk(Number(line));
    if (kind === "*") return this.#array(Number(line));
    throw new Error(`this is no reply: ${kind}${line}`);
  }

  #bulk(size: number): Reply | undefined {
    if (size < 0) return null;
    const start = this.#at;
    if (this.#rest.length < start + size + 2) return undefined;
    this.#at = start + size + 2;
    return this.#rest.toString("utf8", start, start + size);
  }

  #array(count: number): Reply | undefined {
    if (count < 0) return null;
    const replies: Reply[] = [];
    while (replies.length < count) {
      const reply = this.#next();
      if (reply === undefined) return undefined;
      replies.push(reply);
    }
    return replies;
  }
}
