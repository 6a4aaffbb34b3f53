/**
 * The head of a request: the request line and the headers. RFC 9112, without what only proxies need.
 */

export interface Request {
  method: string;
  path: string;
  /** By name, in lower case. Values of the same name are joined by commas. */
  headers: Map<string, string>;
  /** Whether the connection ends with the answer: because the client wants it so, or sends a body, which nobody reads. */
  isLast: boolean;
}

const REQUEST_LINE = /^([\w!#$%&'*+.^`|~-]+) ([!-~]+) HTTP\/1\.([01])$/;
const START_OF_REQUEST_LINE = /^[\w!#$%&'*+.^`|~-]*( [!-~]*( [HTP/1.0]*)?)?\r?$/;
const HEADER = /^([\w!#$%&'*+.^`|~-]+):[ \t]*([\t -~\x80-\xff]*)$/;
const HOST = /^[^,]*$/;

/** Takes a head apart, which comes without the empty line at its end. Null: that is no request. */
export function parseRequest(head: string): Request | null {
  const [first = "", ...lines] = head.split("\r\n");
  const [, method = "", target = "", minor] = REQUEST_LINE.exec(first) ?? [];
  const headers = parseHeaders(lines);
  if (method === "" || headers === null) return null;
  // Exactly one: several were joined by a comma, which no host has.
  if (minor === "1" && !HOST.test(headers.get("host") ?? ",")) return null;
  const connection = (headers.get("connection") ?? "").toLowerCase().split(/[ \t]*,[ \t]*/);
  const wantsEnd = connection.includes("close") || (minor === "0" && !connection.includes("keep-alive"));
  const hasBody = headers.has("transfer-encoding") || (headers.get("content-length") ?? "0") !== "0";
  const path = target.replace(/^https?:\/\/[^/?]*/i, "").replace(/\?.*$/, "");
  return { method, path: path || "/", headers, isLast: wantsEnd || hasBody };
}

/** Whether bytes that are no whole head yet may become one. */
export function mayBecomeRequest(received: string): boolean {
  const [line = ""] = received.replace(/^[\r\n]+/, "").split("\r\n", 1);
  return START_OF_REQUEST_LINE.test(line);
}

function parseHeaders(lines: readonly string[]): Map<string, string> | null {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined || value === undefined) return null;
    const key = name.toLowerCase();
    const before = headers.get(key);
    headers.set(key, before === undefined ? value.trimEnd() : `${before}, ${value.trimEnd()}`);
  }
  return headers;
}
