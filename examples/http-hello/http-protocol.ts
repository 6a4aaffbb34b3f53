/**
 * HTTP/1.1 on a Protocol: takes requests out of the bytes that come, and sends the answers in the same order.
 *
 * Owns: keep-alive, pipelining, and closing so that the last answer arrives.
 *
 * Does not own: what a request may look like (`request.ts`), nor what is answered.
 */
import { STATUS_CODES } from "node:http";
import { type EventLoop, Protocol, type TimerHandle, type Transport } from "wasyncio";
import { mayBecomeRequest, parseRequest, type Request } from "./request.js";

export interface Response {
  status: number;
  body: string;
}

const HEAD_BYTES_MAX = 8192;
/** How long a client may go on sending after its last answer, in seconds. */
const LINGER_SECONDS = 1;
const BAD_REQUEST: Response = { status: 400, body: "That is not HTTP\n" };

export class HttpProtocol extends Protocol {
  readonly #loop: EventLoop;
  readonly #answer: (request: Request) => Response;
  #transport!: Transport;
  /** What has come and was not used yet, a character a byte. */
  #received = "";
  #ending = false;
  #lingering: TimerHandle | null = null;

  constructor(loop: EventLoop, answer: (request: Request) => Response) {
    super();
    this.#loop = loop;
    this.#answer = answer;
  }

  override connectionMade(transport: Transport): void {
    this.#transport = transport;
  }

  override dataReceived(data: Buffer): void {
    if (this.#ending) return;
    this.#received += data.toString("latin1");
    let answers = "";
    for (let head = this.#takeHead(); head !== null; head = this.#takeHead()) answers += this.#respond(head);
    const isTooLong = this.#received.length > HEAD_BYTES_MAX;
    if (!this.#ending && (isTooLong || !mayBecomeRequest(this.#received))) answers += this.#refuse();
    if (answers !== "") this.#transport.write(Buffer.from(answers));
    if (this.#ending) this.#end();
  }

  /** A client that does not read its answers may not send more requests. */
  override pauseWriting(): void {
    this.#transport.pauseReading();
  }

  override resumeWriting(): void {
    this.#transport.resumeReading();
  }

  override connectionLost(): void {
    this.#lingering?.cancel();
  }

  /** The next whole head, without the empty lines around it, or null. */
  #takeHead(): string | null {
    if (this.#ending) return null;
    const start = /^(?:\r\n)*/.exec(this.#received)?.[0].length ?? 0;
    const end = this.#received.indexOf("\r\n\r\n", start);
    if (end < 0) return null;
    const head = this.#received.slice(start, end);
    this.#received = this.#received.slice(end + 4);
    return head;
  }

  #respond(head: string): string {
    const request = head.length > HEAD_BYTES_MAX ? null : parseRequest(head);
    if (request === null) return this.#refuse();
    this.#ending = request.isLast;
    return formatResponse(this.#answer(request), this.#ending, request.method !== "HEAD");
  }

  #refuse(): string {
    this.#ending = true;
    return formatResponse(BAD_REQUEST, true, true);
  }

  /**
   * Ends our direction only: closing at once, while the client still sends, could take the last answer from it. TLS knows no
   * such thing.
   */
  #end(): void {
    this.#received = "";
    if (!this.#transport.canWriteEof()) return this.#transport.close();
    this.#transport.writeEof();
    this.#lingering = this.#loop.callLater(LINGER_SECONDS, () => this.#transport.abort());
  }
}

function formatResponse({ status, body }: Response, isLast: boolean, withBody: boolean): string {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Date: ${new Date().toUTCString()}`,
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    `Connection: ${isLast ? "close" : "keep-alive"}`,
  ];
  return `${head.join("\r\n")}\r\n\r\n${withBody ? body : ""}`;
}
