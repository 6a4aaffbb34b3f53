/**
 * HTTP/1.1 on a Protocol: takes requests out of the bytes that come, and sends the answers in the same order.
 *
 * Owns: what a request may look like, keep-alive, and closing so that the last answer arrives.
 *
 * Does not own: what is answered. Bodies of requests are not read: the connection ends after the answer to one.
 *
 * RFC 9112.
 */
import { STATUS_CODES } from "node:http";
import { type EventLoop, Protocol, type TimerHandle, type Transport } from "wasyncio";

export interface Request {
  method: string;
  path: string;
  /** By name, in lower case. */
  headers: Map<string, string>;
}

export interface Response {
  status: number;
  body: string;
}

const HEAD_BYTES_MAX = 8192;
/** How long a client may go on sending after its last answer, in seconds. */
const LINGER_SECONDS = 1;
const REQUEST_LINE = /^([\w!#$%&'*+.^`|~-]+) ([!-~]+) HTTP\/1\.([01])$/;
const START_OF_REQUEST_LINE = /^[\w!#$%&'*+.^`|~-]*( [!-~]*( [HTP/1.0]*)?)?\r?$/;
const HEADER = /^([\w!#$%&'*+.^`|~-]+):[ \t]*([\t -~\x80-\xff]*)$/;

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
    if (!this.#ending && !this.#mayBecomeHead()) answers += this.#refuse();
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

  #mayBecomeHead(): boolean {
    const [line = ""] = this.#received.replace(/^[\r\n]+/, "").split("\r\n", 1);
    return this.#received.length <= HEAD_BYTES_MAX && START_OF_REQUEST_LINE.test(line);
  }

  #respond(head: string): string {
    const line = REQUEST_LINE.exec(head.split("\r\n", 1)[0] as string);
    const headers = parseHeaders(head);
    if (head.length > HEAD_BYTES_MAX || line === null || headers === null) return this.#refuse();
    const [, method, target, minor] = line as unknown as [string, string, string, string];
    // Exactly one: several were joined by a comma, which no host has.
    if (minor === "1" && !/^[^,]*$/.test(headers.get("host") ?? ",")) return this.#refuse();
    const connection = (headers.get("connection") ?? "").toLowerCase().split(/[ \t]*,[ \t]*/);
    const hasBody = headers.has("transfer-encoding") || (headers.get("content-length") ?? "0") !== "0";
    this.#ending = hasBody || connection.includes("close") || (minor === "0" && !connection.includes("keep-alive"));
    const path = target.replace(/^https?:\/\/[^/?]*/i, "").replace(/\?.*$/, "");
    const response = this.#answer({ method, path: path || "/", headers });
    return formatResponse(response, this.#ending, method !== "HEAD");
  }

  #refuse(): string {
    this.#ending = true;
    return formatResponse({ status: 400, body: "That is not HTTP\n" }, true, true);
  }

  /** Ends our direction only: closing at once, while the client still sends, could take the last answer from it. */
  #end(): void {
    this.#received = "";
    this.#transport.writeEof();
    this.#lingering = this.#loop.callLater(LINGER_SECONDS, () => this.#transport.abort());
  }
}

function parseHeaders(head: string): Map<string, string> | null {
  const headers = new Map<string, string>();
  for (const line of head.split("\r\n").slice(1)) {
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined || value === undefined) return null;
    const key = name.toLowerCase();
    const before = headers.get(key);
    headers.set(key, before === undefined ? value.trimEnd() : `${before}, ${value.trimEnd()}`);
  }
  return headers;
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
