import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  AF_INET,
  AF_INET6,
  AI_NUMERICHOST,
  AI_PASSIVE,
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  SO_ACCEPTCONN,
  SO_KEEPALIVE,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "../../../host/constants.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import type { Server } from "../../../host/net/server.js";
import { Socket } from "../../../host/net/socket.js";
import type { Transport } from "../../../host/net/transport.js";
import { leakChecked } from "../../support/leaks.js";
import { python } from "../../support/peers.js";
import { closeAll, listener, thrownBy } from "../../support/sockets.js";
import { iteration, nodeClient, onLoop, portIn, portOf, Recorder, rejectionOf } from "./support.js";

const test = leakChecked(suite("createServer"));

const hasIPv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1"));

function factory(): object {
  return {};
}

function namesOf(server: Server): unknown[] {
  return (server.sockets ?? []).map((socket) => socket.getsockname());
}

function optionsOf(server: Server, option: number, level = SOL_SOCKET): number[] {
  return (server.sockets ?? []).map((socket) => socket.getsockopt(level, option));
}

test(
  "serves connections, each with a protocol of its own",
  onLoop(async ({ loop }) => {
    const protocols: Recorder[] = [];
    const server = await loop.createServer(
      () => protocols[protocols.push(new Recorder(loop)) - 1] as Recorder,
      "127.0.0.1",
      0,
    );
    const clients = [await nodeClient(portOf(server)), await nodeClient(portOf(server))];
    for (const [index, client] of clients.entries()) client.end(`hello ${index}`);
    while (protocols.length < 2) await iteration(loop);
    for (const protocol of protocols) await protocol.lost;
    assert.equal(protocols.map(({ text }) => text).sort(), ["hello 0", "hello 1"]);
    assert.equal(
      protocols.map(({ trace }) => trace.join()),
      ["CM,DR,ER,CL", "CM,DR,ER,CL"],
    );
    server.close();
    await server.waitClosed();
  }),
);

test(
  "an accepted connection knows its names, and the protocol is made before it",
  onLoop(async ({ loop }) => {
    const protocol = new Recorder(loop);
    const server = await loop.createServer(() => protocol, "127.0.0.1", 0);
    const client = await nodeClient(portOf(server));
    await protocol.made;
    assert.equal(protocol.transport.getExtraInfo("peername"), { host: "127.0.0.1", port: client.localPort });
    assert.equal(protocol.transport.getExtraInfo("sockname"), { host: "127.0.0.1", port: portOf(server) });
    client.destroy();
    await protocol.lost;
    server.close();
  }),
);

test(
  "no host, and an empty one, is every address, with a socket for each family",
  onLoop(async ({ loop }) => {
    for (const host of [null, "", undefined]) {
      const server = await loop.createServer(factory, host, 0);
      const names = namesOf(server) as { host: string; port: number }[];
      assert.equal(
        names.map((name) => name.host),
        hasIPv6 ? ["0.0.0.0", "::"] : ["0.0.0.0"],
      );
      assert.is(new Set(names.map(({ port }) => port)).size, names.length);
      if (hasIPv6) assert.is(server.sockets?.[1]?.getsockopt(IPPROTO_IPV6, IPV6_V6ONLY), 1);
      server.close();
    }
  }),
);

test(
  "several hosts have a socket each, in their order and without duplicates",
  onLoop(async ({ loop }) => {
    const hosts = ["127.0.0.3", "127.0.0.1", "127.0.0.3", "127.0.0.2", "127.0.0.1"];
    const server = await loop.createServer(factory, hosts, 0);
    const names = namesOf(server) as { host: string; port: number }[];
    assert.equal(
      names.map(({ host }) => host),
      ["127.0.0.3", "127.0.0.1", "127.0.0.2"],
    );
    server.close();
  }),
);

test(
  "the same port may serve IPv4 and IPv6",
  onLoop(async ({ loop }) => {
    if (!hasIPv6) return;
    const first = await loop.createServer(factory, "127.0.0.1", 0);
    const second = await loop.createServer(factory, ["127.0.0.2", "::1"], portOf(first));
    assert.equal(
      (namesOf(second) as { port: number }[]).map(({ port }) => port),
      [portOf(first), portOf(first)],
    );
    first.close();
    second.close();
  }),
);

test(
  "family picks the addresses of that family, and flags go to the resolver",
  onLoop(async ({ loop }) => {
    for (const [family, host] of [[AF_INET, "0.0.0.0"], ...(hasIPv6 ? [[AF_INET6, "::"] as const] : [])] as const) {
      const server = await loop.createServer(factory, null, 0, { family });
      assert.equal(
        (namesOf(server) as { host: string }[]).map((name) => name.host),
        [host],
      );
      server.close();
    }
    const server = await loop.createServer(factory, null, 0, { family: AF_INET, flags: 0 });
    assert.equal(
      (namesOf(server) as { host: string }[]).map((name) => name.host),
      ["127.0.0.1"],
    );
    server.close();
    const flags = AI_PASSIVE | AI_NUMERICHOST;
    assert.is((await rejectionOf(loop.createServer(factory, "localhost", 0, { flags }))).code, "ENOTFOUND");
  }),
);

test(
  "a port that is taken fails the call with its address, and nothing stays open",
  onLoop(async ({ loop }) => {
    const taken = listener();
    const { port } = taken.getsockname() as { port: number };
    const error = await rejectionOf(loop.createServer(factory, ["127.0.0.2", "127.0.0.1"], port));
    assert.is(error.code, "EADDRINUSE");
    assert.is(error.port, port);
    assert.is((error as Error & { address?: string }).address, "127.0.0.1");
    assert.match(error.message, `address already in use 127.0.0.1:${port}`);
    // The first of the two was given back.
    const free = new Socket();
    free.bind({ host: "127.0.0.2", port });
    closeAll(free, taken);
  }),
);

test(
  "an address that is not ours fails the call",
  onLoop(async ({ loop }) => {
    const error = await rejectionOf(loop.createServer(factory, ["127.0.0.1", "203.0.113.1"], 0));
    assert.is(error.code, "EADDRNOTAVAIL");
  }),
);

test(
  "sock is taken over, bound as it is",
  onLoop(async ({ loop }) => {
    const sock = new Socket();
    sock.bind({ host: "127.0.0.1", port: 0 });
    const protocol = new Recorder(loop);
    const server = await loop.createServer(() => protocol, null, null, { sock });
    assert.is(server.sockets?.[0], sock);
    const client = await nodeClient(portOf(server));
    client.end("hello");
    await protocol.lost;
    assert.is(protocol.text, "hello");
    server.close();
    assert.ok(sock.closed);
  }),
);

test(
  "backlog goes to listen",
  onLoop(async ({ loop }) => {
    const server = await loop.createServer(factory, "127.0.0.1", 0, { backlog: 0 });
    loop._unwatch(server.sockets?.[0]?.fileno() as number, "reader");
    const address = server.sockets?.[0]?.getsockname() as { host: string; port: number };
    const clients = Array.from({ length: 3 }, () => {
      const socket = new Socket();
      socket.connectEx(address);
      return socket;
    });
    // With room for one in the backlog, the last one is still connecting.
    assert.is(thrownBy(() => clients[2]?.getpeername()).code, "ENOTCONN");
    clients[0]?.getpeername();
    closeAll(...clients);
    server.close();
  }),
);

test(
  "reuseAddress is on unless it is turned off",
  onLoop(async ({ loop }) => {
    for (const [reuseAddress, value] of [
      [undefined, 1],
      [true, 1],
      [false, 0],
    ] as const) {
      const server = await loop.createServer(
        factory,
        "127.0.0.1",
        0,
        reuseAddress === undefined ? {} : { reuseAddress },
      );
      assert.equal(optionsOf(server, SO_REUSEADDR), [value]);
      server.close();
    }
  }),
);

test(
  "reusePort lets several servers share a port",
  onLoop(async ({ loop }) => {
    const plain = await loop.createServer(factory, "127.0.0.1", 0);
    assert.equal(optionsOf(plain, SO_REUSEPORT), [0]);
    plain.close();
    const first = await loop.createServer(factory, "127.0.0.1", 0, { reusePort: true });
    assert.equal(optionsOf(first, SO_REUSEPORT), [1]);
    const second = await loop.createServer(factory, "127.0.0.1", portOf(first), { reusePort: true });
    closeAll(first, second);
  }),
);

test(
  "reusePort shares a port with another process, and both get connections",
  onLoop(async ({ loop }) => {
    const ours: Server = await loop.createServer(
      () => ({ connectionMade: (transport: Transport) => transport.writeLines([Buffer.from("ours")]) }),
      "127.0.0.1",
      0,
      { reusePort: true },
    );
    const theirs = python(
      `import asyncio, sys
async def main():
    def serve(reader, writer):
        writer.write(b"theirs")
        writer.close()
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), reuse_port=True)
    print("listening", file=sys.stderr, flush=True)
    await server.serve_forever()
asyncio.run(main())`,
      String(portOf(ours)),
    );
    await theirs.says(/listening/);
    const answers = new Set<string>();
    while (answers.size < 2) {
      const client = new Socket();
      await loop.sockConnect(client, ours.sockets?.[0]?.getsockname() as never);
      answers.add(`${await loop.sockRecv(client, 100)}`);
      client.close();
    }
    assert.equal([...answers].sort(), ["ours", "theirs"]);
    await theirs.stop();
    ours.close();
    await ours.waitClosed();
  }),
);

test(
  "keepAlive is off unless it is turned on, and connections inherit it",
  onLoop(async ({ loop }) => {
    for (const [keepAlive, value] of [
      [{}, 0],
      [{ keepAlive: false }, 0],
      [{ keepAlive: true }, 1],
    ] as const) {
      const protocol = new Recorder(loop);
      const server = await loop.createServer(() => protocol, "127.0.0.1", 0, keepAlive);
      const client = await nodeClient(portOf(server));
      await protocol.made;
      assert.is(protocol.transport.getExtraInfo("socket")?.getsockopt(SOL_SOCKET, SO_KEEPALIVE), value);
      client.destroy();
      await protocol.lost;
      server.close();
    }
  }),
);

test(
  "a server that is not to start yet is bound and does not listen",
  onLoop(async ({ loop }) => {
    const server = await loop.createServer(factory, "127.0.0.1", 0, { startServing: false });
    assert.not(server.isServing());
    assert.equal(optionsOf(server, SO_ACCEPTCONN), [0]);
    await server.startServing();
    assert.ok(server.isServing());
    assert.equal(optionsOf(server, SO_ACCEPTCONN), [1]);
    const client = await nodeClient(portOf(server));
    client.destroy();
    server.close();
    await server.waitClosed();
  }),
);

test(
  "cancelling leaves nothing open, at whatever stage",
  onLoop(async ({ loop }) => {
    const lookingUp = loop.createServer(factory, "localhost", 0);
    lookingUp.cancel();
    assert.is((await rejectionOf(lookingUp)).code, "ERR_CANCELLED");
    const listening = loop.createServer(factory, "127.0.0.1", 0);
    listening.cancel();
    assert.is((await rejectionOf(listening)).code, "ERR_CANCELLED");
  }),
);

test(
  "bad arguments are thrown at the call",
  onLoop(async ({ loop }) => {
    const sock = new Socket();
    const datagram = new Socket(AF_INET, SOCK_DGRAM);
    const cases: [args: unknown[], error: object, code: string][] = [
      [[undefined, "127.0.0.1", 0], TypeError, "ERR_NOT_CALLABLE"],
      [[factory], RangeError, "ERR_NO_ADDRESS"],
      [[factory, null, null, { backlog: 5 }], RangeError, "ERR_NO_ADDRESS"],
      [[factory, [], 0], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, ["127.0.0.1", null], 0], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, 5, 0], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, { port: 0 }], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "127.0.0.1", -1], RangeError, "ERR_OUT_OF_RANGE"],
      [[factory, "127.0.0.1", true], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "127.0.0.1", 0, "options"], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "127.0.0.1", 0, { reuse_port: true }], TypeError, "ERR_UNKNOWN_OPTION"],
      [[factory, "127.0.0.1", 0, { backlog: -1 }], RangeError, "ERR_OUT_OF_RANGE"],
      [[factory, "127.0.0.1", 0, { backlog: "100" }], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "127.0.0.1", 0, { reusePort: 1 }], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "127.0.0.1", 0, { reuseAddress: "yes" }], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "127.0.0.1", 0, { keepAlive: null }], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "127.0.0.1", 0, { startServing: 0 }], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "127.0.0.1", 0, { family: null }], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "127.0.0.1", 0, { ssl: true }], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "127.0.0.1", 0, { ssl: false }], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "127.0.0.1", 0, { ssl: {} }], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "127.0.0.1", 0, { sslHandshakeTimeout: 1 }], RangeError, "ERR_CONFLICTING_OPTIONS"],
      [[factory, null, null, { sock: {} }], TypeError, "ERR_NOT_A_SOCKET"],
      [[factory, null, null, { sock: datagram }], RangeError, "ERR_SOCKET_KIND"],
      ...[
        ["127.0.0.1", null, {}],
        [null, 0, {}],
        [null, null, { family: AF_INET }],
        [null, null, { flags: 0 }],
        [null, null, { reuseAddress: true }],
        [null, null, { reusePort: false }],
        [null, null, { keepAlive: false }],
      ].map(([host, port, options]): [unknown[], object, string] => [
        [factory, host, port, { sock, ...(options as object) }],
        RangeError,
        "ERR_CONFLICTING_OPTIONS",
      ]),
    ];
    for (const [args, type, code] of cases) {
      const error = thrownBy(() => (loop.createServer as (...args: unknown[]) => unknown).apply(loop, args));
      assert.is(error.code, code, error.message);
      assert.instance(error, type, error.message);
    }
    closeAll(sock, datagram);
  }),
);

test(
  "messages name the option and what to do",
  onLoop(async ({ loop }) => {
    const unknown = thrownBy(() => loop.createServer(factory, null, 0, { backLog: 5 } as object));
    assert.match(unknown.message, 'createServer() has no option "backLog": it knows family, flags, sock, backlog');
    const boolean = thrownBy(() => loop.createServer(factory, null, 0, { ssl: true } as object));
    assert.match(boolean.message, "ssl argument must be an SSLContext or null, not a boolean");
    const conflict = thrownBy(() => loop.createServer(factory, "127.0.0.1", 0, { sock: {} } as object));
    assert.match(conflict.message, "host cannot be given when sock is given: leave one of them out");
  }),
);

test(
  "TLS that is null is no TLS",
  onLoop(async ({ loop }) => {
    const server = await loop.createServer(factory, "127.0.0.1", 0, { ssl: null } as object);
    server.close();
  }),
);

test("a closed loop listens nowhere", () => {
  const loop = new EventLoop();
  loop.close();
  assert.is(thrownBy(() => loop.createServer(factory, "127.0.0.1", 0)).code, "ERR_LOOP_CLOSED");
});

test(
  "a Node client and a server of ours exchange many connections",
  onLoop(async ({ loop }) => {
    const server = await loop.createServer(
      () => {
        const echo = new Recorder(loop);
        echo.dataReceived = (data) => echo.transport.write(data);
        return echo;
      },
      "127.0.0.1",
      0,
    );
    for (let round = 0; round < 3; round++) {
      await Promise.all(
        Array.from({ length: 50 }, async (_, index) => {
          const client = await nodeClient(portOf(server));
          client.write(`hello ${index}`);
          const [answer] = await once(client, "data");
          assert.is(String(answer), `hello ${index}`);
          client.end();
          await once(client, "close");
        }),
      );
    }
    server.close();
    await server.waitClosed();
  }),
);

test(
  "equal names in different hosts are one address",
  onLoop(async ({ loop }) => {
    const server = await loop.createServer(factory, ["127.0.0.1", "localhost"], 0, { family: AF_INET });
    assert.is(server.sockets?.length, 1);
    assert.is(portIn(namesOf(server)[0]) > 0, true);
    server.close();
  }),
);

test.run();
