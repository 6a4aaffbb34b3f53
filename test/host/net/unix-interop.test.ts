/** Unix sockets with socat, nc and CPython's asyncio at the other end. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AF_UNIX } from "../../../host/constants.js";
import type { EventLoop } from "../../../host/loop/event-loop.js";
import type { PeerCredentials } from "../../../host/net/peer-credentials.js";
import type { Server } from "../../../host/net/server.js";
import { Socket } from "../../../host/net/socket.js";
import { withFolder } from "../../support/folders.js";
import { leakChecked } from "../../support/leaks.js";
import { Peer, python } from "../../support/peers.js";
import { closeAll } from "../../support/sockets.js";
import { onLoop, Recorder } from "./support.js";

const test = leakChecked(suite("peers on Unix sockets"));

const ABSTRACT = `wasyncio-interop-${process.pid}`;
const BIG = Buffer.alloc(3_000_011, "through a Unix socket ");

/** An echo server of ours, with flow control, and the protocols of its connections. */
async function echoServer(loop: EventLoop, path: string): Promise<[server: Server, served: Recorder[]]> {
  const served: Recorder[] = [];
  const server = await loop.createUnixServer(() => {
    const protocol = new Recorder(loop);
    const note = protocol.dataReceived.bind(protocol);
    protocol.dataReceived = (data) => {
      note(data);
      protocol.transport.write(data);
    };
    protocol.pauseWriting = () => protocol.transport.pauseReading();
    protocol.resumeWriting = () => protocol.transport.resumeReading();
    served.push(protocol);
    return protocol;
  }, path);
  return [server, served];
}

function hash(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

const CLIENTS: [name: string, path: (folder: string) => string, command: (path: string) => string[]][] = [
  ["socat", (folder) => join(folder, "socket"), (path) => ["socat", "-t30", "-", `UNIX-CONNECT:${path}`]],
  ["socat, on an abstract name", () => `\0${ABSTRACT}`, () => ["socat", "-t30", "-", `ABSTRACT-CONNECT:${ABSTRACT}`]],
  ["nc", (folder) => join(folder, "socket"), (path) => ["nc", "-N", "-U", path]],
];

for (const [name, pathIn, command] of CLIENTS) {
  test(
    `${name} gets back what it sends to our server`,
    onLoop(({ loop }) =>
      withFolder(async (folder) => {
        const path = pathIn(folder);
        const [server, served] = await echoServer(loop, path);
        const [program = "", ...words] = command(path);
        const peer = new Peer(program, words);
        peer.end(BIG);
        assert.is(hash(await peer.output), hash(BIG));
        const [protocol] = served as [Recorder];
        assert.is(await protocol.lost, null);
        assert.equal([protocol.trace[0], ...protocol.trace.slice(-2)], ["CM", "ER", "CL"]);
        const { pid } = protocol.transport.getExtraInfo("peercred") as PeerCredentials;
        assert.is(pid, peer.child.pid);
        server.close();
        await server.waitClosed();
      }),
    ),
  );
}

const SERVERS: [name: string, path: (folder: string) => string, command: (path: string) => string[]][] = [
  ["socat", (folder) => join(folder, "socket"), (path) => ["-dd", "-t30", `UNIX-LISTEN:${path}`, "EXEC:cat"]],
  [
    "socat, on an abstract name",
    () => `\0${ABSTRACT}`,
    () => ["-dd", "-t30", `ABSTRACT-LISTEN:${ABSTRACT}`, "EXEC:cat"],
  ],
];

for (const [name, pathIn, command] of SERVERS) {
  test(
    `${name} sends back what our client writes`,
    onLoop(({ loop }) =>
      withFolder(async (folder) => {
        const path = pathIn(folder);
        const peer = new Peer("socat", command(path));
        await peer.says(/listening on/);
        const [transport, protocol] = await loop.createUnixConnection(() => new Recorder(loop), path);
        assert.is((transport.getExtraInfo("peercred") as PeerCredentials).pid, peer.child.pid);
        transport.write(BIG);
        transport.writeEof();
        assert.is(await protocol.lost, null);
        assert.is(hash(protocol.received), hash(BIG));
        await peer.output;
      }),
    ),
  );
}

/** Connects twice to a path, sends big data each time, and prints the hash of what comes back. */
const PYTHON_CLIENT = `
import asyncio, hashlib, sys
async def main():
    name = sys.argv[1].replace("@", "\\0")
    for path in (name, name.encode()):
        reader, writer = await asyncio.open_unix_connection(path)
        async def send():
            writer.write(b"to and fro " * 200000)
            await writer.drain()
            writer.write_eof()
        sending = asyncio.create_task(send())
        digest = hashlib.sha256()
        while data := await reader.read(65536):
            digest.update(data)
        await sending
        writer.close()
        print(digest.hexdigest())
asyncio.run(main())
`;

/** Serves one connection at a path: sends back what it receives, then its number and who the kernel says has connected. */
const PYTHON_SERVER = `
import asyncio, os, socket, struct, sys
async def main():
    done = asyncio.Event()
    async def serve(reader, writer):
        count = 0
        while data := await reader.read(65536):
            count += len(data)
            writer.write(data)
            await writer.drain()
        sock = writer.get_extra_info("socket")
        pid, uid, gid = struct.unpack("iII", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        writer.write(b"%d bytes from %d" % (count, pid))
        writer.close()
        await writer.wait_closed()
        done.set()
    server = await asyncio.start_unix_server(serve, sys.argv[1].replace("@", "\\0"))
    print("listening", file=sys.stderr, flush=True)
    await done.wait()
asyncio.run(main())
`;

for (const [kind, pathIn] of [
  ["a path", (folder: string) => join(folder, "socket")],
  ["an abstract name", () => `\0${ABSTRACT}`],
] as const) {
  test(
    `CPython's asyncio and our server exchange big data over ${kind}`,
    onLoop(({ loop }) =>
      withFolder(async (folder) => {
        const path = pathIn(folder);
        const [server] = await echoServer(loop, path);
        const peer = python(PYTHON_CLIENT, path.replaceAll("\0", "@"));
        const expected = hash(Buffer.alloc(2_200_000, "to and fro "));
        assert.is((await peer.output).toString(), `${expected}\n${expected}\n`);
        server.close();
        await server.waitClosed();
      }),
    ),
  );

  test(
    `our client and CPython's asyncio exchange big data over ${kind}`,
    onLoop(({ loop }) =>
      withFolder(async (folder) => {
        const path = pathIn(folder);
        const peer = python(PYTHON_SERVER, path.replaceAll("\0", "@"));
        await peer.says(/listening/);
        const [transport, protocol] = await loop.createUnixConnection(() => new Recorder(loop), path);
        assert.is((transport.getExtraInfo("peercred") as PeerCredentials).pid, peer.child.pid);
        transport.write(BIG);
        transport.writeEof();
        assert.is(await protocol.lost, null);
        assert.is(hash(protocol.received.subarray(0, BIG.length)), hash(BIG));
        assert.is(protocol.received.subarray(BIG.length).toString(), `${BIG.length} bytes from ${process.pid}`);
        await peer.output;
      }),
    ),
  );
}

test(
  "sockConnect and sockAccept take paths, as text and as bytes",
  onLoop(({ loop }) =>
    withFolder(async (folder) => {
      const path = join(folder, "socket");
      const listening = new Socket(AF_UNIX);
      listening.bind(path);
      listening.listen();
      for (const each of [path, Buffer.from(path)]) {
        const accepting = loop.sockAccept(listening);
        const client = new Socket(AF_UNIX);
        await loop.sockConnect(client, each);
        assert.is(client.getpeername(), path);
        const [accepted, address] = await accepting;
        assert.is(address, "");
        closeAll(client, accepted);
      }
      const peer = new Peer("nc", ["-U", path]);
      const [accepted] = await loop.sockAccept(listening);
      await loop.sockSendall(accepted, Buffer.from("hello, nc\n"));
      peer.end("hello, socket\n");
      assert.is((await loop.sockRecv(accepted, 100)).toString(), "hello, socket\n");
      accepted.close();
      assert.is((await peer.output).toString(), "hello, nc\n");
      listening.close();
    }),
  ),
);

test.run();
