import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AF_UNIX, SO_ACCEPTCONN, SOCK_DGRAM, SOL_SOCKET } from "../../../host/constants.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import { Socket } from "../../../host/net/socket.js";
import { withFolder } from "../../support/folders.js";
import { leakChecked } from "../../support/leaks.js";
import { closeAll, thrownBy } from "../../support/sockets.js";
import { iteration, onLoop, Recorder, rejectionOf } from "./support.js";

const test = leakChecked(suite("createUnixServer"));

const ABSTRACT = `\0wasyncio-server-${process.pid}`;

function factory(): object {
  return {};
}

/** Calls `body` with a path at which there is nothing. */
function withPath(body: (path: string) => Promise<void>): Promise<void> {
  return withFolder((folder) => body(join(folder, "socket")));
}

/** Leaves the file of a socket that nobody listens on any more. */
function leaveStale(path: string): void {
  const socket = new Socket(AF_UNIX);
  socket.bind(path);
  socket.close();
}

/** What `body` answers, and what it has written with `console.error`. */
async function withStderr<T>(body: () => Promise<T>): Promise<{ result: T; lines: unknown[] }> {
  const lines: unknown[] = [];
  const { error } = console;
  console.error = (line: unknown) => lines.push(line);
  try {
    return { result: await body(), lines };
  } finally {
    console.error = error;
  }
}

test(
  "serves connections, each with a protocol of its own",
  onLoop(({ loop }) =>
    withPath(async (path) => {
      const served: Recorder[] = [];
      const server = await loop.createUnixServer(() => {
        const protocol = new Recorder(loop);
        protocol.dataReceived = (data) => protocol.transport.write(data);
        served.push(protocol);
        return protocol;
      }, path);
      assert.equal(
        server.sockets?.map((socket) => socket.getsockname()),
        [path],
      );
      for (const text of ["first", "second"]) {
        const [transport, protocol] = await loop.createUnixConnection(() => new Recorder(loop), path);
        transport.write(Buffer.from(text));
        await protocol.gets(text.length);
        assert.is(protocol.text, text);
        assert.is(transport.getExtraInfo("peername"), path);
        transport.close();
        await protocol.lost;
      }
      for (const protocol of served) {
        await protocol.lost;
        assert.equal(protocol.trace, ["CM", "ER", "CL"]);
        const { transport } = protocol;
        assert.equal([transport.getExtraInfo("sockname"), transport.getExtraInfo("peername")], [path, ""]);
        const expected = { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() };
        assert.equal(transport.getExtraInfo("peercred"), expected);
      }
      server.close();
      await server.waitClosed();
    }),
  ),
);

test(
  "paths are text, bytes or a URL of a file",
  onLoop(({ loop }) =>
    withPath(async (path) => {
      for (const given of [path, Buffer.from(path), pathToFileURL(path)]) {
        const server = await loop.createUnixServer(factory, given);
        assert.is(server.sockets?.[0]?.getsockname(), path);
        assert.ok(statSync(path).isSocket());
        server.close();
        assert.not(existsSync(path));
      }
    }),
  ),
);

test(
  "abstract names leave the file system alone",
  onLoop(async ({ loop }) => {
    for (const name of [ABSTRACT, Buffer.from(ABSTRACT)]) {
      const before = readdirSync(".");
      const server = await loop.createUnixServer(factory, name);
      assert.is(server.sockets?.[0]?.getsockname(), ABSTRACT);
      assert.equal(readdirSync("."), before);
      const second = await rejectionOf(loop.createUnixServer(factory, name));
      assert.is(second.code, "EADDRINUSE");
      assert.match(second.message, `Address '@wasyncio-server-${process.pid}' is already in use`);
      server.close();
    }
  }),
);

test(
  "the socket that an earlier server has left is replaced",
  onLoop(({ loop }) =>
    withPath(async (path) => {
      leaveStale(path);
      const server = await loop.createUnixServer(factory, path);
      const [transport] = await loop.createUnixConnection(factory, path);
      transport.abort();
      server.close();
      await server.waitClosed();
    }),
  ),
);

test(
  "a file that is no socket is in use, and stays",
  onLoop(({ loop }) =>
    withPath(async (path) => {
      writeFileSync(path, "precious");
      const error = await rejectionOf(loop.createUnixServer(factory, path));
      assert.is(error.message, `bind EADDRINUSE: Address '${path}' is already in use`);
      assert.equal(
        [error.code, (error as NodeJS.ErrnoException).errno, (error as { address?: string }).address],
        ["EADDRINUSE", -98, path],
      );
      assert.is(statSync(path).size, 8);
      mkdirSync(`${path}2`);
      assert.is((await rejectionOf(loop.createUnixServer(factory, `${path}2`))).code, "EADDRINUSE");
    }),
  ),
);

test(
  "a link to a stale socket is replaced, and one that leads nowhere is in use",
  onLoop(({ loop }) =>
    withPath(async (path) => {
      leaveStale(`${path}2`);
      symlinkSync(`${path}2`, path);
      const server = await loop.createUnixServer(factory, path);
      assert.ok(statSync(path).isSocket());
      server.close();
      assert.equal([existsSync(path), existsSync(`${path}2`)], [false, true]);
      symlinkSync(`${path}3`, path);
      assert.is((await rejectionOf(loop.createUnixServer(factory, path))).code, "EADDRINUSE");
    }),
  ),
);

test(
  "a folder that is not there is an error that names the path",
  onLoop(({ loop }) =>
    withPath(async (path) => {
      const error = await rejectionOf(loop.createUnixServer(factory, `${path}/socket`));
      assert.is(error.message, `bind ENOENT: no such file or directory ${path}/socket`);
    }),
  ),
);

test(
  "what cannot be looked at is told of on stderr, and binding decides",
  onLoop(({ loop }) =>
    withPath(async (path) => {
      symlinkSync(path, path);
      const { result, lines } = await withStderr(() => rejectionOf(loop.createUnixServer(factory, path)));
      assert.is(result.code, "EADDRINUSE");
      assert.is(lines.length, 1);
      assert.match(String(lines[0]), `Unable to check or remove stale Unix socket ${path}: ELOOP`);
    }),
  ),
);

test(
  "a file that cannot be looked at when the server closes is told of on stderr",
  onLoop(({ loop }) =>
    withPath(async (path) => {
      const server = await loop.createUnixServer(factory, path);
      unlinkSync(path);
      symlinkSync(path, path);
      const { lines } = await withStderr(async () => server.close());
      assert.is(server.sockets, null);
      assert.is(lines.length, 1);
      assert.match(String(lines[0]), `Unable to clean up listening Unix socket ${path}: ELOOP`);
    }),
  ),
);

test(
  "close removes the file, before the last client has gone, and once",
  onLoop(({ loop }) =>
    withPath(async (path) => {
      const server = await loop.createUnixServer(factory, path);
      const [transport] = await loop.createUnixConnection(factory, path);
      server.close();
      assert.not(existsSync(path));
      writeFileSync(path, "");
      server.close();
      assert.ok(existsSync(path));
      transport.close();
      await server.waitClosed();
    }),
  ),
);

test(
  "close leaves a file that has taken the place of ours",
  onLoop(({ loop }) =>
    withPath(async (path) => {
      const first = await loop.createUnixServer(factory, path);
      const second = await loop.createUnixServer(factory, path);
      first.close();
      const [transport] = await loop.createUnixConnection(factory, path);
      transport.abort();
      unlinkSync(path);
      writeFileSync(path, "");
      second.close();
      await second.waitClosed();
      assert.ok(statSync(path).isFile());
    }),
  ),
);

test(
  "close does not mind that the file is gone, nor that it has another name as well",
  onLoop(({ loop }) =>
    withPath(async (path) => {
      const server = await loop.createUnixServer(factory, path);
      linkSync(path, `${path}2`);
      unlinkSync(path);
      server.close();
      assert.equal([existsSync(path), existsSync(`${path}2`)], [false, true]);
    }),
  ),
);

test(
  "cleanupSocket: false leaves the file, and true is the default",
  onLoop(({ loop }) =>
    withPath(async (path) => {
      for (const [options, stays] of [
        [{ cleanupSocket: false }, true],
        [{ cleanupSocket: true }, false],
        [{}, false],
      ] as const) {
        const server = await loop.createUnixServer(factory, path, options);
        server.close();
        assert.is(existsSync(path), stays);
      }
    }),
  ),
);

test(
  "sock is a bound socket, whose file is removed as well, unless cleanupSocket is false",
  onLoop(({ loop }) =>
    withPath(async (path) => {
      for (const cleanupSocket of [true, false]) {
        const sock = new Socket(AF_UNIX);
        sock.bind(path);
        const server = await loop.createUnixServer(factory, null, { sock, cleanupSocket });
        assert.is(server.sockets?.[0], sock);
        const [transport] = await loop.createUnixConnection(factory, path);
        transport.abort();
        server.close();
        await server.waitClosed();
        assert.ok(sock.closed);
        assert.is(existsSync(path), !cleanupSocket);
      }
    }),
  ),
);

test(
  "sock may have a name that the kernel has chosen",
  onLoop(async ({ loop }) => {
    const sock = new Socket(AF_UNIX);
    sock.bind("");
    const server = await loop.createUnixServer(factory, null, { sock });
    const name = sock.getsockname() as string;
    assert.match(name, /^\0[0-9a-f]{5}$/);
    const [transport] = await loop.createUnixConnection(factory, name);
    transport.abort();
    server.close();
    await server.waitClosed();
  }),
);

test(
  "backlog says how many connections may wait",
  onLoop(({ loop }) =>
    withPath(async (path) => {
      const sizes: number[] = [];
      for (const backlog of [0, 3, undefined]) {
        const server = await loop.createUnixServer(factory, path, backlog === undefined ? {} : { backlog });
        const clients: Socket[] = [];
        for (let errno = 0; errno === 0; ) {
          const client = new Socket(AF_UNIX);
          clients.push(client);
          errno = client.connectEx(path);
        }
        // Linux has room for one more than the backlog, and the last one was refused.
        sizes.push(clients.length - 2);
        server.close();
        closeAll(...clients);
      }
      assert.equal(sizes, [0, 3, 100]);
    }),
  ),
);

test(
  "startServing: false binds, and startServing listens",
  onLoop(({ loop }) =>
    withPath(async (path) => {
      const server = await loop.createUnixServer(factory, path, { startServing: false });
      const [socket] = server.sockets ?? [];
      assert.equal([server.isServing(), socket?.getsockopt(SOL_SOCKET, SO_ACCEPTCONN)], [false, 0]);
      assert.is((await rejectionOf(loop.createUnixConnection(factory, path))).code, "ECONNREFUSED");
      await server.startServing();
      const [transport] = await loop.createUnixConnection(factory, path);
      transport.abort();
      server.close();
      await server.waitClosed();
      assert.not(existsSync(path));
      const serving = await loop.createUnixServer(factory, path);
      assert.ok(serving.isServing());
      serving.close();
    }),
  ),
);

test(
  "cancelling it leaves nothing open, and no file",
  onLoop(({ loop }) =>
    withPath(async (path) => {
      const listening = loop.createUnixServer(factory, path);
      assert.ok(listening.cancel());
      assert.is((await rejectionOf(listening)).code, "ERR_CANCELLED");
      await iteration(loop);
      assert.not(existsSync(path));
    }),
  ),
);

test(
  "bad arguments are thrown at the call",
  onLoop(async ({ loop }) => {
    const sock = new Socket(AF_UNIX);
    const tcp = new Socket();
    const datagram = new Socket(AF_UNIX, SOCK_DGRAM);
    const cases: [args: unknown[], error: object, code: string][] = [
      [[undefined, "/path"], TypeError, "ERR_NOT_CALLABLE"],
      [[factory], RangeError, "ERR_NO_ADDRESS"],
      [[factory, null, { backlog: 5 }], RangeError, "ERR_NO_ADDRESS"],
      [[factory, ""], RangeError, "ERR_NO_ADDRESS"],
      [[factory, 5], TypeError, "ERR_INVALID_ADDRESS"],
      [[factory, "/".repeat(108)], RangeError, "ERR_INVALID_ADDRESS"],
      [[factory, "/path", "options"], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "/path", { cleanup_socket: true }], TypeError, "ERR_UNKNOWN_OPTION"],
      [[factory, "/path", { reusePort: true }], TypeError, "ERR_UNKNOWN_OPTION"],
      [[factory, "/path", { backlog: -1 }], RangeError, "ERR_OUT_OF_RANGE"],
      [[factory, "/path", { backlog: "100" }], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "/path", { startServing: 0 }], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "/path", { cleanupSocket: 1 }], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "/path", { ssl: true }], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "/path", { ssl: {} }], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "/path", { sock }], RangeError, "ERR_CONFLICTING_OPTIONS"],
      [[factory, null, { sock: {} }], TypeError, "ERR_NOT_A_SOCKET"],
      [[factory, null, { sock: tcp }], RangeError, "ERR_SOCKET_KIND"],
      [[factory, null, { sock: datagram }], RangeError, "ERR_SOCKET_KIND"],
    ];
    for (const [args, type, code] of cases) {
      const error = thrownBy(() => (loop.createUnixServer as (...args: unknown[]) => unknown).apply(loop, args));
      assert.is(error.code, code, error.message);
      assert.instance(error, type, error.message);
    }
    closeAll(sock, tcp, datagram);
  }),
);

test("a closed loop listens nowhere", () => {
  const loop = new EventLoop();
  loop.close();
  assert.is(thrownBy(() => loop.createUnixServer(factory, "/path")).code, "ERR_LOOP_CLOSED");
});

test.run();
