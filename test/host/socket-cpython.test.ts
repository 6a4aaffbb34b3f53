import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { EVENT_CAPACITY, EVENT_RECORD_WORDS, Readiness } from "../../assembly/abi.js";
import * as constants from "../../host/constants.js";
import type { InetAddress } from "../../host/net/address.js";
import { Socket } from "../../host/net/socket.js";
import { EpollSelector } from "../../host/selector/epoll-selector.js";
import { checkNoLeaks } from "../support/leaks.js";
import { closeAll, listener } from "../support/sockets.js";

const { AF_INET6, AF_UNIX, SOCK_DGRAM } = constants;

const tests = suite("sockets and CPython");

const PEER_SECONDS_MAX = 30;
const isThere = spawnSync("python3", ["-c", "import socket"]).status === 0;
const skip = (name: string): void => tests.skip(`${name} (skipped: there is no python3 to be the peer)`);
const test = isThere ? (name: string, body: () => void | Promise<void>) => tests(name, () => checkNoLeaks(body)) : skip;

const events = new Int32Array(EVENT_CAPACITY * EVENT_RECORD_WORDS);

/** Blocks until the socket is readable, which is up to the peer. */
function untilReadable(socket: Socket): void {
  const selector = new EpollSelector();
  selector.watch(socket.fileno(), Readiness.Read, 1);
  const end = performance.now() + PEER_SECONDS_MAX * 1000;
  // A signal, such as that of a child's end, ends a wait too.
  while (selector.select(events, PEER_SECONDS_MAX) === 0) {
    if (performance.now() > end) throw new Error("the peer does nothing");
  }
  selector.close();
}

function python(program: string, ...args: (string | number)[]): ChildProcess {
  return spawn("python3", ["-c", `import socket, sys\n${program}`, ...args.map(String)], { stdio: "inherit" });
}

async function ended(child: ChildProcess): Promise<void> {
  const code = await new Promise((resolve) => child.once("close", resolve));
  assert.is(code, 0);
}

test("constants have CPython's values, where this CPython has them", () => {
  const program =
    "import json, socket; print(json.dumps({n: int(v) for n, v in vars(socket).items() if n.isupper() and isinstance(v, int)}))";
  const theirs = JSON.parse(String(spawnSync("python3", ["-c", program]).stdout)) as Record<string, number>;
  const known = Object.entries(constants).filter(([name]) => name in theirs);
  assert.ok(known.length > 80, `only ${known.length} are known`);
  assert.equal(
    known,
    known.map(([name]) => [name, theirs[name]]),
  );
});

test("a CPython client gets all that it sends echoed over TCP", async () => {
  const listening = listener();
  const { port } = listening.getsockname() as InetAddress;
  const peer = python(
    `
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
data = bytes(range(256)) * 64
s.sendall(data)
s.shutdown(socket.SHUT_WR)
back = b"".join(iter(lambda: s.recv(65536), b""))
assert back == data, len(back)
`,
    port,
  );
  untilReadable(listening);
  const [server] = listening.accept();
  for (;;) {
    untilReadable(server);
    const data = server.recv(1000);
    if (data.length === 0) break;
    assert.is(server.send(data), data.length);
  }
  closeAll(server, listening);
  await ended(peer);
});

test("a CPython peer sees the sender of a datagram over IPv6, and is seen", async () => {
  const socket = new Socket(AF_INET6, SOCK_DGRAM);
  socket.bind({ host: "::1", port: 0 });
  const { port } = socket.getsockname() as InetAddress;
  const peer = python(
    `
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.sendto(b"ping", ("::1", int(sys.argv[1])))
data, address = s.recvfrom(100)
assert (data, address[:2]) == (b"pong", ("::1", int(sys.argv[1]))), (data, address)
`,
    port,
  );
  untilReadable(socket);
  const [data, address] = socket.recvfrom(100);
  assert.is(data.toString(), "ping");
  assert.is((address as InetAddress).host, "::1");
  socket.sendto(Buffer.from("pong"), address as InetAddress);
  socket.close();
  await ended(peer);
});

test("a CPython peer has the same abstract name for a Unix socket, NULs and all", async () => {
  const name = `\0wasyncio\0${process.pid}\0`;
  const socket = new Socket(AF_UNIX, SOCK_DGRAM);
  socket.bind(name);
  const peer = python(
    `
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
name = b"\\0wasyncio\\0" + sys.argv[1].encode() + b"\\0"
s.bind(name + b"peer")
s.sendto(b"x", name)
`,
    process.pid,
  );
  untilReadable(socket);
  assert.equal(socket.recvfrom(10), [Buffer.from("x"), `${name}peer`]);
  socket.close();
  await ended(peer);
});

tests.run();
