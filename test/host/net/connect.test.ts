import { readdirSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  AF_INET,
  AF_INET6,
  AI_NUMERICHOST,
  IPPROTO_TCP,
  IPPROTO_UDP,
  SOCK_DGRAM,
  TCP_NODELAY,
} from "../../../host/constants.js";
import { Future } from "../../../host/futures/future.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import { Socket, socketpair } from "../../../host/net/socket.js";
import { leakChecked } from "../../support/leaks.js";
import { closeAll, listener, tcpPair, thrownBy } from "../../support/sockets.js";
import { iteration, onLoop, portIn, Recorder, rejectionOf, withNodeServer } from "./support.js";

const test = leakChecked(suite("createConnection"));

test(
  "an async function goes on before the first dataReceived",
  onLoop(async ({ loop }) => {
    const [client, server] = tcpPair();
    server.send(Buffer.from("hello"));
    server.close();
    const protocol = new Recorder(loop);
    const [transport, same] = await loop.createConnection(() => protocol, null, null, { sock: client });
    protocol.trace.push("returned");
    assert.is(same, protocol);
    assert.is(transport, protocol.transport);
    assert.is(await protocol.lost, null);
    assert.equal(protocol.trace, ["CM", "returned", "DR", "ER", "CL"]);
    assert.is(protocol.text, "hello");
  }),
);

test(
  "a generator goes on before the first dataReceived",
  onLoop(async ({ loop }) => {
    const [client, server] = tcpPair();
    server.send(Buffer.from("hello"));
    server.close();
    const protocol = new Recorder(loop);
    await loop.createTask(function* () {
      yield* loop.createConnection(() => protocol, null, null, { sock: client });
      protocol.trace.push("returned");
      yield* protocol.lost;
    });
    assert.equal(protocol.trace, ["CM", "returned", "DR", "ER", "CL"]);
  }),
);

test(
  "close in connectionMade: connectionLost comes first, and the call succeeds all the same",
  onLoop(async ({ loop }) => {
    const [client, server] = tcpPair();
    server.send(Buffer.from("hello"));
    const protocol = new Recorder(loop);
    const made = protocol.connectionMade.bind(protocol);
    protocol.connectionMade = (transport) => {
      made(transport);
      transport.close();
    };
    await loop.createTask(function* () {
      const [transport] = yield* loop.createConnection(() => protocol, null, null, { sock: client });
      protocol.trace.push(transport.isClosing() ? "returned(closing)" : "returned");
    });
    assert.equal(protocol.trace, ["CM", "CL", "returned(closing)"]);
    server.close();
  }),
);

test(
  "an error in connectionMade is reported, and the connection goes on",
  onLoop(async ({ loop, reported }) => {
    const [client, server] = tcpPair();
    server.send(Buffer.from("hello"));
    server.close();
    const protocol = new Recorder(loop);
    protocol.connectionMade = () => {
      throw new Error("made");
    };
    const [transport] = await loop.createConnection(() => protocol, null, null, { sock: client });
    assert.match(String(reported.pop()?.exception), "made");
    assert.not(transport.isClosing());
    await protocol.lost;
    assert.equal(protocol.trace, ["DR", "ER", "CL"]);
  }),
);

test(
  "a factory that throws fails the call and closes the socket",
  onLoop(async ({ loop }) => {
    const [client, server] = tcpPair();
    const factory = (): Recorder => {
      throw new Error("factory");
    };
    const error = await rejectionOf(loop.createConnection(factory, null, null, { sock: client }));
    assert.is(error.message, "factory");
    assert.ok(client.closed);
    assert.is(server.recv(1).length, 0);
    server.close();
  }),
);

test(
  "a factory that returns no object, or a promise of one, fails the call and closes the socket",
  onLoop(async ({ loop }) => {
    for (const factory of [() => 5, async () => new Recorder(loop)] as unknown[] as (() => Recorder)[]) {
      const [client, server] = tcpPair();
      const error = await rejectionOf(loop.createConnection(factory, null, null, { sock: client }));
      assert.is(error.code, "ERR_NOT_A_PROTOCOL");
      assert.ok(client.closed);
      server.close();
    }
  }),
);

test(
  "connects to a name and to numeric hosts, with the port as a number or in decimal",
  onLoop(async ({ loop }) => {
    await withNodeServer(
      (socket) => socket.end("hello"),
      async (port) => {
        for (const [host, given] of [
          ["127.0.0.1", port],
          ["localhost", port],
          ["127.0.0.1", String(port)],
        ] as const) {
          const [, protocol] = await loop.createConnection(() => new Recorder(loop), host, given, { family: AF_INET });
          await protocol.lost;
          assert.is(protocol.text, "hello");
        }
      },
    );
  }),
);

test(
  "no host is this machine",
  onLoop(async ({ loop }) => {
    await withNodeServer(
      (socket) => socket.end("hello"),
      async (port) => {
        // ::1 is tried first, and refuses.
        const [transport, protocol] = await loop.createConnection(() => new Recorder(loop), null, port);
        assert.is((transport.getExtraInfo("peername") as { host: string }).host, "127.0.0.1");
        await protocol.lost;
      },
    );
  }),
);

test(
  "sets TCP_NODELAY, and knows its socket and both names",
  onLoop(async ({ loop }) => {
    const listening = listener();
    const address = listening.getsockname();
    const [transport, protocol] = await loop.createConnection(() => new Recorder(loop), "127.0.0.1", portIn(address));
    const socket = transport.getExtraInfo("socket") as Socket;
    assert.is(socket.getsockopt(IPPROTO_TCP, TCP_NODELAY), 1);
    assert.equal(transport.getExtraInfo("peername"), address);
    assert.equal(transport.getExtraInfo("sockname"), socket.getsockname());
    assert.is(transport.getExtraInfo("cipher"), null);
    assert.is(transport.getExtraInfo("cipher", "none"), "none");
    assert.is(transport.getExtraInfo("constructor", "none"), "none");
    transport.close();
    await protocol.lost;
    assert.equal(transport.getExtraInfo("peername"), address);
    listening.close();
  }),
);

test(
  "a refused connection tells the address and leaves nothing open",
  onLoop(async ({ loop }) => {
    const error = await rejectionOf(loop.createConnection(() => new Recorder(loop), "127.0.0.1", 1));
    assert.is(error.message, "connect ECONNREFUSED 127.0.0.1:1");
    const { code, errno, syscall, address, port } = error as NodeJS.ErrnoException & { address: string; port: number };
    assert.equal(
      { code, errno, syscall, address, port },
      { code: "ECONNREFUSED", errno: -111, syscall: "connect", address: "127.0.0.1", port: 1 },
    );
  }),
);

test(
  "several addresses that fail differently give one error for all of them",
  onLoop(async ({ loop }) => {
    const error = await rejectionOf(loop.createConnection(() => new Recorder(loop), null, 1));
    assert.instance(error, AggregateError);
    assert.is(error.code, "ECONNREFUSED");
    assert.is(error.message, "Multiple exceptions: connect ECONNREFUSED ::1:1, connect ECONNREFUSED 127.0.0.1:1");
    assert.is((error as AggregateError).errors.length, 2);
  }),
);

test(
  "with allErrors, even one error comes as an AggregateError",
  onLoop(async ({ loop }) => {
    for (const more of [{}, { happyEyeballsDelay: 0 }]) {
      const connect = loop.createConnection(() => new Recorder(loop), "127.0.0.1", 1, { allErrors: true, ...more });
      const error = (await rejectionOf(connect)) as unknown as AggregateError & { code: string };
      assert.instance(error, AggregateError);
      assert.is(error.code, "ECONNREFUSED");
      assert.equal(
        error.errors.map(({ message }) => message),
        ["connect ECONNREFUSED 127.0.0.1:1"],
      );
    }
  }),
);

test(
  "a name that nobody knows fails the call",
  onLoop(async ({ loop }) => {
    const error = await rejectionOf(loop.createConnection(() => new Recorder(loop), "no-such-host.invalid", 1));
    assert.match(error.code as string, /^E(NOTFOUND|AI_AGAIN)$/);
  }),
);

test(
  "family picks the addresses of that family",
  onLoop(async ({ loop }) => {
    const connect = (family: number) =>
      rejectionOf(loop.createConnection(() => new Recorder(loop), null, 1, { family }));
    assert.is((await connect(AF_INET)).message, "connect ECONNREFUSED 127.0.0.1:1");
    assert.is((await connect(AF_INET6)).message, "connect ECONNREFUSED ::1:1");
    assert.is((await connect(1)).code, "EAI_FAMILY");
  }),
);

test(
  "proto and flags go to the resolver",
  onLoop(async ({ loop }) => {
    const connect = (options: object) =>
      rejectionOf(loop.createConnection(() => new Recorder(loop), "localhost", 1, options));
    assert.is((await connect({ proto: IPPROTO_UDP })).code, "EAI_SOCKTYPE");
    assert.is((await connect({ flags: AI_NUMERICHOST })).code, "ENOTFOUND");
  }),
);

test(
  "localAddr is where the connection comes from",
  onLoop(async ({ loop }) => {
    const listening = listener();
    const port = portIn(listening.getsockname());
    const [transport, protocol] = await loop.createConnection(() => new Recorder(loop), "127.0.0.1", port, {
      localAddr: { host: "127.0.0.9", port: 0 },
    });
    const [accepted, peer] = listening.accept();
    assert.is((peer as { host: string }).host, "127.0.0.9");
    assert.equal(transport.getExtraInfo("sockname"), peer);
    transport.abort();
    await protocol.lost;
    closeAll(accepted, listening);
  }),
);

test(
  "a localAddr that is taken, or of another family, fails the call",
  onLoop(async ({ loop }) => {
    const listening = listener();
    const { port } = listening.getsockname() as { port: number };
    const connect = (localAddr: { host: string; port: number }) =>
      rejectionOf(loop.createConnection(() => new Recorder(loop), "127.0.0.1", port, { localAddr }));
    const taken = await connect({ host: "127.0.0.1", port });
    assert.is(taken.code, "EADDRINUSE");
    assert.is(taken.port, port);
    const other = await connect({ host: "::1", port: 0 });
    assert.match(other.message, "no matching local address with family=2 found");
    listening.close();
  }),
);

test(
  "a localAddr with an interface that is none fails the call",
  onLoop(async ({ loop }) => {
    const localAddr = { host: "fe80::1", port: 0, scopeId: 0x7ffffff0 };
    const error = await rejectionOf(loop.createConnection(() => new Recorder(loop), "::1", 1, { localAddr }));
    assert.is(error.code, "ENODEV");
  }),
);

test(
  "sock may be a Unix socket",
  onLoop(async ({ loop }) => {
    const [left, right] = socketpair();
    const [transport, protocol] = await loop.createConnection(() => new Recorder(loop), null, null, { sock: left });
    transport.write(Buffer.from("hello"));
    assert.is((await loop.sockRecv(right, 9)).toString(), "hello");
    right.close();
    await protocol.lost;
  }),
);

test(
  "cancelling while the host is looked up leaves nothing behind",
  onLoop(async ({ loop }) => {
    const future = loop.createConnection(() => new Recorder(loop), "localhost", 1);
    assert.ok(future.cancel());
    assert.is((await rejectionOf(future)).code, "ERR_CANCELLED");
    assert.not(future.cancel());
  }),
);

test(
  "cancelling while the socket connects closes it at once",
  onLoop(async ({ loop }) => {
    // Nobody accepts, and one connection fills the backlog of 0: the next one stays half open.
    const listening = listener(0);
    const address = listening.getsockname();
    const fillers = Array.from({ length: 4 }, () => {
      const socket = new Socket();
      socket.connectEx(address);
      return socket;
    });
    const before = readdirSync("/proc/self/fd").length;
    const future = loop.createConnection(() => new Recorder(loop), "127.0.0.1", portIn(address));
    await iteration(loop);
    assert.is(readdirSync("/proc/self/fd").length, before + 1);
    assert.ok(future.cancel());
    assert.is(readdirSync("/proc/self/fd").length, before);
    closeAll(listening, ...fillers);
  }),
);

test(
  "cancelling between connectionMade and the end of the call closes the transport",
  onLoop(async ({ loop }) => {
    const [client, server] = tcpPair();
    const protocol = new Recorder(loop);
    const future = loop.createConnection(() => protocol, null, null, { sock: client });
    future.cancel();
    assert.is(await protocol.lost, null);
    assert.equal(protocol.trace, ["CM", "CL"]);
    assert.is(server.recv(1).length, 0);
    server.close();
  }),
);

test(
  "a cancelled task cancels its connection",
  onLoop(async ({ loop }) => {
    const listening = listener(0);
    const address = listening.getsockname();
    const fillers = Array.from({ length: 4 }, () => {
      const socket = new Socket();
      socket.connectEx(address);
      return socket;
    });
    const connect = async () =>
      void (await loop.createConnection(() => new Recorder(loop), "127.0.0.1", portIn(address)));
    const task = loop.createTask(connect);
    await iteration(loop);
    await iteration(loop);
    task.cancel();
    assert.is((await rejectionOf(task)).code, "ERR_CANCELLED");
    closeAll(listening, ...fillers);
  }),
);

test(
  "bad arguments are thrown at the call",
  onLoop(async ({ loop }) => {
    const [client, server] = tcpPair();
    const datagram = new Socket(AF_INET, SOCK_DGRAM);
    const closed = new Socket();
    closed.close();
    const factory = () => new Recorder(loop);
    const cases: [args: unknown[], error: object, code: string][] = [
      [[5, "127.0.0.1", 1], TypeError, "ERR_NOT_CALLABLE"],
      [[factory], RangeError, "ERR_NO_ADDRESS"],
      [[factory, null, null, {}], RangeError, "ERR_NO_ADDRESS"],
      [[factory, 5, 1], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "127.0.0.1", 65536], RangeError, "ERR_OUT_OF_RANGE"],
      [[factory, "127.0.0.1", Number.NaN], RangeError, "ERR_OUT_OF_RANGE"],
      [[factory, "127.0.0.1", {}], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "127.0.0.1", 1, null], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "127.0.0.1", 1, { familly: 2 }], TypeError, "ERR_UNKNOWN_OPTION"],
      [[factory, "127.0.0.1", 1, { family: "4" }], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "127.0.0.1", 1, { proto: -1 }], RangeError, "ERR_OUT_OF_RANGE"],
      [[factory, "127.0.0.1", 1, { flags: 0.5 }], RangeError, "ERR_OUT_OF_RANGE"],
      [[factory, "127.0.0.1", 1, { localAddr: "127.0.0.1" }], TypeError, "ERR_INVALID_ADDRESS"],
      [[factory, "127.0.0.1", 1, { localAddr: ["127.0.0.1", 0] }], TypeError, "ERR_INVALID_ADDRESS"],
      [[factory, "127.0.0.1", 1, { localAddr: { port: 0 } }], TypeError, "ERR_INVALID_ADDRESS"],
      [[factory, "127.0.0.1", 1, { localAddr: { host: 5, port: 0 } }], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "::1", 1, { localAddr: { host: "::1", scopeId: -1 } }], RangeError, "ERR_OUT_OF_RANGE"],
      [[factory, "127.0.0.1", 1, { localAddr: { host: "::", port: -1 } }], RangeError, "ERR_OUT_OF_RANGE"],
      [[factory, "127.0.0.1", 1, { ssl: "yes" }], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "127.0.0.1", 1, { serverHostname: "x" }], RangeError, "ERR_CONFLICTING_OPTIONS"],
      [[factory, "127.0.0.1", 1, { sslHandshakeTimeout: 1 }], RangeError, "ERR_CONFLICTING_OPTIONS"],
      [[factory, "127.0.0.1", 1, { happyEyeballsDelay: "0.25" }], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "127.0.0.1", 1, { happyEyeballsDelay: -1 }], RangeError, "ERR_BAD_TIME"],
      [[factory, "127.0.0.1", 1, { happyEyeballsDelay: Number.NaN }], RangeError, "ERR_BAD_TIME"],
      [[factory, "127.0.0.1", 1, { happyEyeballsDelay: Number.POSITIVE_INFINITY }], RangeError, "ERR_BAD_TIME"],
      [[factory, "127.0.0.1", 1, { interleave: true }], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "127.0.0.1", 1, { interleave: -1 }], RangeError, "ERR_OUT_OF_RANGE"],
      [[factory, "127.0.0.1", 1, { allErrors: 1 }], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, null, null, { sock: 5 }], TypeError, "ERR_NOT_A_SOCKET"],
      [[factory, null, null, { sock: datagram }], RangeError, "ERR_SOCKET_KIND"],
      [[factory, null, null, { sock: closed }], Error, "ERR_SOCKET_CLOSED"],
      ...[
        ["127.0.0.1", null, {}],
        [null, 1, {}],
        [null, null, { family: AF_INET }],
        [null, null, { proto: 0 }],
        [null, null, { flags: 0 }],
        [null, null, { localAddr: { host: "127.0.0.1", port: 0 } }],
        [null, null, { happyEyeballsDelay: 0 }],
        [null, null, { interleave: 0 }],
        [null, null, { allErrors: false }],
      ].map(([host, port, options]): [unknown[], object, string] => [
        [factory, host, port, { sock: client, ...(options as object) }],
        RangeError,
        "ERR_CONFLICTING_OPTIONS",
      ]),
    ];
    for (const [args, type, code] of cases) {
      const error = thrownBy(() => (loop.createConnection as (...args: unknown[]) => unknown).apply(loop, args));
      assert.instance(error, type, error.message);
      assert.is(error.code, code, error.message);
    }
    closeAll(client, server, datagram);
  }),
);

test(
  "TLS that is turned off is no option",
  onLoop(async ({ loop }) => {
    const [client, server] = tcpPair();
    const [transport] = await loop.createConnection(() => new Recorder(loop), null, null, { sock: client, ssl: false });
    assert.is(transport.getExtraInfo("sslcontext"), null);
    transport.abort();
    server.close();
  }),
);

test(
  "a socket of a transport cannot be given to another one",
  onLoop(async ({ loop }) => {
    const [client, server] = tcpPair();
    const [transport, protocol] = await loop.createConnection(() => new Recorder(loop), null, null, { sock: client });
    const again = thrownBy(() => loop.createConnection(() => new Recorder(loop), null, null, { sock: client }));
    assert.is(again.code, "ERR_FD_IN_USE");
    for (const call of ["addReader", "addWriter"] as const) {
      assert.is(thrownBy(() => loop[call](client, () => {})).code, "ERR_FD_IN_USE");
    }
    assert.is(thrownBy(() => loop.sockRecv(client, 1)).code, "ERR_FD_IN_USE");
    transport.close();
    await protocol.lost;
    server.close();
  }),
);

test("a closed loop connects nobody", () => {
  const loop = new EventLoop();
  loop.close();
  assert.is(thrownBy(() => loop.createConnection(() => ({}), "127.0.0.1", 1)).code, "ERR_LOOP_CLOSED");
});

test("the call answers a Future that has begun before the loop runs", async () => {
  const loop = new EventLoop();
  const listening = listener();
  const future = loop.createConnection(() => new Recorder(loop), "127.0.0.1", portIn(listening.getsockname()));
  assert.instance(future, Future);
  const [accepted] = listening.accept();
  const [transport, protocol] = await loop.runUntilComplete(future);
  transport.close();
  await loop.runUntilComplete(protocol.lost);
  loop.close();
  closeAll(accepted, listening);
});

test.run();
