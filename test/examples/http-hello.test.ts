/**
 * The HTTP server among the examples: what it answers, to curl, to wrk, and to those who do not speak HTTP.
 */
import { once } from "node:events";
import { createConnection } from "node:net";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { hasProgram, type Program, runProgram, startExample } from "./processes.js";

const HELLO = "Hello, world!\n";
const REQUESTS = 1000;
const CONNECTIONS = 200;

interface Context {
  server: Program;
  url: string;
  port: number;
}

const http = suite<Context>("http-hello");

http.before(async (context) => {
  context.server = startExample("http-hello", "0");
  const [, url = "", port] = await context.server.prints(/^Listening on (http:\/\/127\.0\.0\.1:(\d+)\/)\n/);
  Object.assign(context, { url, port: Number(port) });
});

http.after(async ({ server }) => {
  server.kill("SIGTERM");
  const ended = await server.ended;
  assert.is(ended.stderr, "", "it ran without a complaint");
  assert.is(ended.ending, 0);
});

http("answers curl a thousand times over one connection", async ({ url }) => {
  const printed = await curl("-w", "%{http_code} %{num_connects}\\n", `${url}?[1-${REQUESTS}]`);
  const others = `${HELLO}200 0\n`.repeat(REQUESTS - 1);
  assert.ok(printed === `${HELLO}200 1\n${others}`, "one connection, and the page a thousand times");
});

for (const [how, ...header] of [["kept alive"], ["one for each request", "-H", "Connection: close"]]) {
  http(`answers curl a thousand times over ${CONNECTIONS} connections at once, ${how}`, async ({ url }) => {
    const parallel = ["--parallel", "--parallel-immediate", "--parallel-max", String(CONNECTIONS)];
    const printed = await curl(...parallel, ...header, "-w", "%{http_code}\\n", `${url}?[1-${REQUESTS}]`);
    assert.is(count(printed, HELLO), REQUESTS);
    assert.is(count(printed, "200\n"), REQUESTS);
  });
}

// .ci/run installs it where it may.
const withWrk = (await hasProgram("wrk")) ? http : http.skip;
withWrk("stands a load of wrk without an error", async ({ url }) => {
  const { stdout } = await runProgram("wrk", "-t1", `-c${CONNECTIONS}`, "-d2s", url);
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  assert.ok(requests > REQUESTS, stdout);
  assert.not.match(stdout, /Socket errors|Non-2xx/);
});

http("answers a request with a whole response", async ({ port }) => {
  const answer = await talk(port, get("/"));
  assert.is(
    answer.replace(/^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r$/m, "Date: DATE\r"),
    [
      "HTTP/1.1 200 OK",
      "Date: DATE",
      "Content-Type: text/plain; charset=utf-8",
      "Content-Length: 14",
      "Connection: keep-alive",
      "",
      HELLO,
    ].join("\r\n"),
  );
});

http("answers pipelined requests in their order, however they are cut", async ({ port }) => {
  const requests = `${get("/")}${get("/nowhere")}${get("/", "HEAD")}${get("/", "DELETE")}\r\n${get("/")}`;
  const expected = ["200 OK", "404 Not Found", "200 OK", "405 Method Not Allowed", "200 OK"];
  for (const pieceLength of [requests.length, 100, 7, 1]) {
    const pieces = requests.match(new RegExp(`.{1,${pieceLength}}`, "gs")) ?? [];
    const answer = await talk(port, ...pieces);
    assert.equal(statuses(answer), expected, `in pieces of ${pieceLength}`);
    assert.is(count(answer, HELLO), 2, "HEAD gets no body");
  }
});

http("keeps a connection of HTTP/1.0 only when asked to", async ({ port }) => {
  const one = "GET / HTTP/1.0\r\n\r\n";
  const kept = "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n";
  assert.is(statuses(await talk(port, one + one)).length, 1);
  assert.is(statuses(await talk(port, kept + kept + one + one)).length, 3);
});

http("closes after a request that says so", async ({ port }) => {
  const last = get("/", "GET", "Connection: TE, close");
  const answer = await talk(port, get("/") + last + get("/"));
  assert.is(statuses(answer).length, 2);
  assert.match(answer, /\r\nConnection: close\r\n/);
});

const garbage: [what: string, bytes: string | Uint8Array][] = [
  ["a word", "garbage\r\n\r\n"],
  ["a line without its end", "garbage of one sort\n"],
  ["the beginning of TLS", Uint8Array.of(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3)],
  ["another version", "GET / HTTP/2.0\r\n\r\n"],
  ["a header without a colon", "GET / HTTP/1.1\r\nHost: here\r\nnothing\r\n\r\n"],
  ["a space before a colon", "GET / HTTP/1.1\r\nHost: here\r\nName : value\r\n\r\n"],
  ["a header that goes on", "GET / HTTP/1.1\r\nHost: here\r\nName: value\r\n more\r\n\r\n"],
  ["no host", "GET / HTTP/1.1\r\n\r\n"],
  ["two hosts", "GET / HTTP/1.1\r\nHost: here\r\nHost: there\r\n\r\n"],
  ["headers that are too long", get("/", "GET", `Name: ${"x".repeat(9000)}`)],
  ["headers without an end", `GET / HTTP/1.1\r\nHost: here\r\n${"Name: value\r\n".repeat(1000)}`],
  ["a path without an end", `GET /${"x".repeat(20_000)}`],
];

for (const [what, bytes] of garbage) {
  http(`answers 400 to ${what}`, async ({ port }) => {
    const answer = await talk(port, bytes, get("/"));
    assert.equal(statuses(answer), ["400 Bad Request"]);
    assert.match(answer, /\r\nConnection: close\r\n/);
  });
}

http("goes on after a client has gone without a word", async ({ port }) => {
  const socket = createConnection(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(get("/"));
  socket.resetAndDestroy();
  assert.equal(statuses(await talk(port, get("/"))), ["200 OK"]);
});

http("ends when its stdin does", async () => {
  const server = startExample("http-hello", "0");
  await server.prints(/Listening/);
  server.endInput();
  const { stdout, ending } = await server.ended;
  assert.match(stdout, /\nStopped\n$/);
  assert.is(ending, 0);
});

http.run();

/** What curl prints, when it succeeds. */
async function curl(...args: string[]): Promise<string> {
  const { stdout, stderr, ending } = await runProgram("curl", "--silent", "--show-error", ...args);
  assert.is(ending, 0, `curl failed: ${stderr}`);
  return stdout;
}

function get(path: string, method = "GET", ...headers: string[]): string {
  return [`${method} ${path} HTTP/1.1`, "Host: here", ...headers, "", ""].join("\r\n");
}

/** Sends pieces, one packet each, and our end; answers what came until the server's. */
async function talk(port: number, ...pieces: (string | Uint8Array)[]): Promise<string> {
  const socket = createConnection({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  let answer = "";
  socket.setEncoding("latin1").on("data", (text) => {
    answer += text;
  });
  for (const piece of pieces) {
    await new Promise((written) => socket.write(piece, written));
  }
  socket.end();
  await once(socket, "end");
  return answer;
}

function statuses(answer: string): string[] {
  return [...answer.matchAll(/^HTTP\/1\.1 (.*)\r$/gm)].map(([, status = ""]) => status);
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}
