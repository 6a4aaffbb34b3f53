/**
 * Each example prints exactly what it should.
 *
 * Does not own: the web servers (`http-hello.test.ts`, `https-hello.test.ts`, `node-http.test.ts`), `redis-client.test.ts`,
 * `python-host.test.ts`, and the tour (`tour.test.ts`).
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Peer } from "../support/peers.js";
import { type Ended, root, runExample, startExample } from "./processes.js";

const tested = new Set(["http-hello", "https-hello", "node-http", "python-host", "redis-client", "tour"]);

/** A test that an example ends well, and prints these lines. */
function prints(example: string, args: string[], expected: string[], normalise = (text: string) => text): void {
  tested.add(example);
  test(`${example} prints what it should`, async () => {
    assertPrinted(await runExample(example, ...args), expected, normalise);
  });
}

function assertPrinted(ended: Ended, expected: string[], normalise = (text: string) => text): void {
  assert.is(ended.stderr, "");
  assert.is(normalise(ended.stdout), expected.map((line) => `${line}\n`).join(""));
  assert.is(ended.ending, 0);
}

prints("hello-world", [], ["Hello World"]);

prints("display-date", ["2"], ["DATE", "DATE"], (text) =>
  text.replaceAll(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/gm, "DATE"),
);

prints("watch-descriptor", [], ["Received: abc"]);

prints(
  "coroutines",
  [],
  [
    "coffee is ready",
    "tea is ready",
    "wine: CancelledError: closing time",
    "cancelled: true",
    "whisky: CancelledError: closing time",
    "cancelled: true",
  ],
);

prints(
  "virtual-network",
  [],
  [
    ...[0.5, 2, 4.5].map((seconds) => `${seconds} s: ECONNREFUSED`),
    "9.25 s: got one",
    "10 s: ECONNRESET",
    "12.25 s: got two",
    "12.25 s: the server has closed the connection",
  ],
);

prints(
  "chat",
  [],
  [
    "Ann has come",
    "Bob has come",
    "Ann: Is anybody here?",
    "Bob: I am, but I never listen",
    ...Array.from({ length: 10 }, (_, index) => `Ann: bla bla bla bla… (${(index + 1) * 40_000 + 4} characters)`),
    "Bob has left",
  ],
);

prints(
  "virtual-time",
  [],
  [
    ...[0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 2047, 4095].map((seconds) => `asked at ${seconds} s`),
    "answered after 13 times and 4095 s",
    "an hour took less than a second: true",
  ],
);

prints(
  "queue-workers",
  [],
  [
    ...Array.from({ length: 19 }, (_, index) => `worker-${index % 3} has slept for ${index + 1} s`),
    "worker-1 has slept for 20 s",
    "3 workers slept in parallel for 77 s",
    "one after the other would have been 210 s",
  ],
);

prints("resolve", ["127.0.0.1", "443"], ["127.0.0.1 is 127.0.0.1, port 443 (https)"]);

prints(
  "resolve",
  ["localhost", "no-such-service"],
  ['EAI_SERVICE, for "getaddrinfo EAI_SERVICE: Servname not supported for ai_socktype localhost"'],
);

prints("executor", [], ["in a thread: 5133 primes", "the loop went on meanwhile: true", "in a process: 5133 primes"]);

prints("threads", [], ["0 % done", "50 % done: five apples are 15", "RangeError: no plums today", "100 % done"]);

tested.add("tcp-echo-server").add("tcp-echo-client");

test("tcp-echo-server and tcp-echo-client talk to each other", async () => {
  const server = startExample("tcp-echo-server", "0");
  try {
    const [serving, port = ""] = await server.prints(/^Serving on 127\.0\.0\.1:(\d+)\n/);
    assertPrinted(await runExample("tcp-echo-client", port, "Hello!"), [
      'Data sent: "Hello!"',
      'Data received: "Hello!"',
      "The server closed the connection",
    ]);
    const [talk] = await server.prints(/Connection from.*socket\n/s);
    assert.is(server.stdout, serving + talk);
    assert.is(talk, 'Connection from 127.0.0.1\nData received: "Hello!"\nSend: "Hello!"\nClose the client socket\n');
  } finally {
    server.kill("SIGTERM");
  }
  assert.is((await server.ended).ending, "SIGTERM");
});

tested.add("unix-echo");

test("unix-echo talks over a socket at a path, which is gone afterwards", async () => {
  const folder = mkdtempSync(join(tmpdir(), "wasyncio-"));
  const path = join(folder, "socket");
  const normalise = (text: string): string => text.replace(/process \d+ of user \d+/, "process PID of user UID");
  const lines = [
    `Serving on ${path}`,
    "Connection from process PID of user UID",
    'Data received: "Hello!"',
    "The socket is gone",
  ];
  assertPrinted(await runExample("unix-echo", path), lines, normalise);
  assert.equal(readdirSync(folder), []);
  rmSync(folder, { recursive: true });
});

prints("udp-echo", [], ['Received "Hello World!"', 'Answered "Hello World!"']);

prints(
  "subprocess",
  ["echo out; echo err >&2; exit 3"],
  ["['echo out; echo err >&2; exit 3' exited with 3]", "[stdout]", "out", "[stderr]", "err"],
);

prints("subprocess", [], ["['ls /zzz' exited with 2]", "[stderr]", "ls: REASON"], (text) =>
  text.replace(/^ls: .*\/zzz.*$/m, "ls: REASON"),
);

for (const example of ["get-date", "date-protocol"]) {
  prints(example, [], ["Current date: DATE"], (text) => text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/, "DATE"));
}

tested.add("signals");

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`signals ends at ${signal}`, async () => {
    const example = startExample("signals");
    await example.prints(/to exit\.\n/);
    example.kill(signal);
    const { ending, stdout } = await example.ended;
    assert.is(ending, 0);
    assert.match(stdout, new RegExp(`got signal ${signal}: exit\n$`));
  });
}

tested.add("dns-query");

test("dns-query asks a real name server", async () => {
  const port = String(await freePort());
  const records = ["--address=/wasyncio.example/192.0.2.7", "--host-record=two.example,192.0.2.1"];
  const options = ["--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--pid-file="];
  const place = [`--port=${port}`, "--listen-address=127.0.0.1", "--bind-interfaces", "--user=", "--log-facility=-"];
  const server = new Peer("dnsmasq", [...options, ...place, ...records]);
  try {
    await server.says(/started, version/);
    const ask = (name: string) => runExample("dns-query", name, "127.0.0.1", port);
    assertPrinted(await ask("wasyncio.example"), ["wasyncio.example is 192.0.2.7"]);
    assertPrinted(await ask("two.example"), ["two.example is 192.0.2.1"]);
    assertPrinted(await ask("nobody.example"), ["nobody.example has no address"]);
  } finally {
    await server.stop();
  }
});

prints(
  "streams-echo",
  ["one", "two words"],
  [
    'Server received: "one\\n"',
    'Client received: "one\\n"',
    'Server received: "two words\\n"',
    'Client received: "two words\\n"',
    "Nothing is left: true",
  ],
);

const bytes = statSync(new URL("../../../package.json", import.meta.url)).size;

prints("send-file", ["package.json"], [`Server sent ${bytes} bytes`, `Client received ${bytes} bytes`]);

tested.add("pipe");

test("pipe is a filter between stdin and stdout", async () => {
  const filter = startExample("pipe");
  const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index} of many`);
  filter.endInput(lines.map((line) => `${line}\n`).join(""));
  assertPrinted(
    await filter.ended,
    lines.map((line) => line.toUpperCase()),
  );
});

/** A port of 127.0.0.1 that is free for UDP and for TCP: name servers listen on both. */
async function freePort(): Promise<number> {
  for (;;) {
    const udp = createSocket("udp4").bind(0, "127.0.0.1");
    await once(udp, "listening");
    const { port } = udp.address();
    const tcp = createServer().listen(port, "127.0.0.1");
    const isFree = await once(tcp, "listening").then(
      () => true,
      () => false,
    );
    udp.close();
    tcp.close();
    if (isFree) return port;
  }
}

test("every example is tested", () => {
  const files = readdirSync(`${root}examples`, { recursive: true, encoding: "utf8" });
  const programs = files.filter((file) => /^[^/]+\.ts$|^[^/]+\/__main__\.py$/.test(file));
  assert.equal(new Set(programs.map((file) => file.replace(/\.ts$|\/.*$/, ""))), tested);
});

test.run();
