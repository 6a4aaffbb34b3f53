/** Servers and clients of a virtual loop: who meets whom, when, and what is refused. */
import { closeSync, openSync, readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  AF_INET,
  type Coroutine,
  gather,
  openConnection,
  SSLContext,
  sleep,
  startServer,
  type Transport,
  waitFor,
} from "../../../host/index.js";
import type { ExceptionContext } from "../../../host/loop/exception-handler.js";
import { VirtualEventLoop } from "../../../host/testing.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";
import { iteration, Recorder, rejectionOf } from "../net/support.js";

const test = leakChecked(suite("virtual networks"));

/** The body of a test on a virtual loop, which must have been told of no error that the test has not taken away. */
function onVirtual(body: (loop: VirtualEventLoop, reported: ExceptionContext[]) => Promise<void>): () => Promise<void> {
  return async () => {
    const loop = new VirtualEventLoop();
    const reported: ExceptionContext[] = [];
    loop.setExceptionHandler((_loop, context) => reported.push(context));
    await loop.runUntilComplete(loop.createTask(() => body(loop, reported)));
    loop.close();
    assert.equal(reported, []);
  };
}

class Echo {
  #transport!: Transport;

  connectionMade(transport: Transport): void {
    this.#transport = transport;
  }

  dataReceived(data: Buffer): void {
    this.#transport.write(data);
  }
}

test(
  "a client meets the server that listens at its host and port",
  onVirtual(async (loop) => {
    const server = await loop.createServer(() => new Echo(), "db.example", 5432);
    assert.equal(server.addresses, [{ host: "db.example", port: 5432 }]);
    assert.equal(server.sockets, []);
    const [transport, protocol] = await loop.createConnection(() => new Recorder(loop), "db.example", 5432);
    assert.equal(transport.getExtraInfo("peername"), { host: "db.example", port: 5432 });
    assert.equal(transport.getExtraInfo("sockname"), { host: "127.0.0.1", port: 49_152 });
    assert.is(transport.getExtraInfo("socket"), null);
    transport.write(Buffer.from("hello"));
    await protocol.gets(5);
    assert.is(protocol.text, "hello");
    transport.close();
    assert.is(await protocol.lost, null);
    server.close();
    assert.equal(server.addresses, []);
    await server.waitClosed();
    assert.is(loop.time(), 0);
  }),
);

test(
  "a client of all hosts meets who listens at this one",
  onVirtual(async (loop) => {
    const server = await loop.createServer(() => ({}), "localhost", 80);
    for (const host of ["0.0.0.0", "::", "0:0:0:0:0:0:0:0"]) {
      const [transport] = await loop.createConnection(() => ({}), host, 80);
      assert.equal(transport.getExtraInfo("peername"), { host: "127.0.0.1", port: 80 });
      transport.close();
    }
    server.close();
    await server.waitClosed();
  }),
);

test(
  "everything takes as long as the latency says: two to connect, one for each message",
  onVirtual(async (loop) => {
    loop.network.latency = 0.5;
    const server = new Recorder(loop);
    const serving = await loop.createServer(() => server, "server", 1);
    const connecting = loop.createConnection(() => new Recorder(loop), "server", 1);
    await server.made;
    assert.is(loop.time(), 0.5);
    const [transport, protocol] = await connecting;
    assert.is(loop.time(), 1);
    transport.write(Buffer.from("question"));
    await server.gets(8);
    assert.is(loop.time(), 1.5);
    server.transport.write(Buffer.from("answer"));
    await protocol.gets(6);
    assert.is(loop.time(), 2);
    transport.close();
    await server.lost;
    assert.is(loop.time(), 2.5);
    serving.close();
  }),
);

test(
  "what a server sends first is there when the client is",
  onVirtual(async (loop) => {
    loop.network.latency = 1;
    const greet = (transport: Transport): void => transport.write(Buffer.from("welcome"));
    const server = await loop.createServer(() => ({ connectionMade: greet }), "server", 1);
    const [, protocol] = await loop.createConnection(() => new Recorder(loop), "server", 1);
    assert.equal(protocol.trace, ["CM"]);
    await protocol.gets(7);
    assert.is(loop.time(), 2);
    server.closeClients();
    assert.is(await protocol.lost, null);
    server.close();
  }),
);

test(
  "what is sent later does not come earlier when the latency shrinks",
  onVirtual(async (loop) => {
    const server = new Recorder(loop);
    const serving = await loop.createServer(() => server, "server", 1);
    const [transport] = await loop.createConnection(() => ({}), "server", 1);
    loop.network.latency = 2;
    transport.write(Buffer.from("first "));
    loop.network.latency = 0;
    transport.write(Buffer.from("second"));
    await server.gets(12);
    assert.is(server.text, "first second");
    assert.is(loop.time(), 2);
    serving.close();
    transport.close();
  }),
);

test(
  "nobody listens: refused, as long after as an answer takes",
  onVirtual(async (loop) => {
    loop.network.latency = 0.25;
    const refused = await rejectionOf(loop.createConnection(() => ({}), "server", 7));
    assert.equal([refused.code, refused.message], ["ECONNREFUSED", "connect ECONNREFUSED server:7"]);
    assert.is(loop.time(), 0.5);
    const server = await loop.createServer(() => ({}), "server", 7, { startServing: false });
    assert.is((await rejectionOf(loop.createConnection(() => ({}), "server", 7))).code, "ECONNREFUSED");
    await server.startServing();
    const [transport] = await loop.createConnection(() => ({}), "server", 7);
    transport.abort();
    server.close();
    assert.is((await rejectionOf(loop.createConnection(() => ({}), "server", 7))).code, "ECONNREFUSED");
  }),
);

test(
  "this host has several names, and a server at none of them is at all",
  onVirtual(async (loop) => {
    const names = ["localhost", "127.0.0.1", "::1", "", null];
    for (const listening of names.slice(0, 3)) {
      const server = await loop.createServer(() => ({}), listening, 80);
      assert.equal(server.addresses, [{ host: "127.0.0.1", port: 80 }]);
      for (const name of names) (await loop.createConnection(() => ({}), name, 80))[0].abort();
      assert.is((await rejectionOf(loop.createConnection(() => ({}), "elsewhere", 80))).code, "ECONNREFUSED");
      server.close();
    }
    for (const listening of ["", null, "0.0.0.0", "::"]) {
      const server = await loop.createServer(() => ({}), listening, 80);
      for (const name of [...names, "elsewhere"]) (await loop.createConnection(() => ({}), name, 80))[0].abort();
      server.close();
    }
  }),
);

test(
  "a port belongs to one server of a host, and 0 is a free one",
  onVirtual(async (loop) => {
    const first = await loop.createServer(() => ({}), ["a", "b"], 80);
    assert.equal(first.addresses.length, 2);
    const second = await loop.createServer(() => ({}), "c", "80");
    for (const host of ["a", ["d", "b"], null]) {
      const error = await rejectionOf(loop.createServer(() => ({}), host, 80));
      assert.is(error.code, "EADDRINUSE", String(host));
    }
    // The failed one has taken nothing.
    const third = await loop.createServer(() => ({}), "d", 80);
    const taken = await loop.createServer(() => ({}), "e", 49_152);
    const free = await loop.createServer(() => ({}), ["x", "y"], 0);
    assert.equal(
      free.addresses.map(({ port }) => port),
      [49_153, 49_154],
    );
    for (const server of [first, second, third, taken, free]) server.close();
    (await loop.createServer(() => ({}), null, 80)).close();
  }),
);

test(
  "Unix sockets meet at paths, of which the last server has each",
  onVirtual(async (loop) => {
    assert.is((await rejectionOf(loop.createUnixConnection(() => ({}), "/run/x"))).code, "ENOENT");
    const old = await loop.createUnixServer(() => ({}), "/run/x");
    const server = await loop.createUnixServer(() => new Echo(), Buffer.from("/run/x"));
    old.close();
    const [transport, protocol] = await loop.createUnixConnection(() => new Recorder(loop), "/run/x");
    assert.equal(String(transport.getExtraInfo("peername")), "/run/x");
    transport.write(Buffer.from("hello"));
    await protocol.gets(5);
    transport.close();
    server.close();
    assert.is((await rejectionOf(loop.createUnixConnection(() => ({}), "/run/x"))).code, "ENOENT");
  }),
);

test(
  "more than the window waits at the sender until it was taken and that is known",
  onVirtual(async (loop) => {
    loop.network.latency = 1;
    const server = new Recorder(loop);
    const serving = await loop.createServer(() => server, "server", 1);
    const [transport, protocol] = await loop.createConnection(() => new Recorder(loop), "server", 1);
    const start = loop.time();
    transport.write(Buffer.alloc(3 * 65_536, "x"));
    assert.is(transport.getWriteBufferSize(), 2 * 65_536);
    assert.equal(protocol.trace, ["CM", "PW"]);
    await server.gets(3 * 65_536);
    // Three windows, each of which goes there, and word of it back before the next.
    assert.is(loop.time() - start, 5);
    assert.equal(protocol.trace, ["CM", "PW", "RW"]);
    server.transport.pauseReading();
    transport.write(Buffer.alloc(2 * 65_536));
    await sleep(100);
    assert.is(transport.getWriteBufferSize(), 65_536);
    transport.abort();
    server.transport.resumeReading();
    assert.is(await server.lost, null);
    assert.is(server.received.length, 4 * 65_536);
    serving.close();
  }),
);

test(
  "bytes come in segments as small as one likes",
  onVirtual(async (loop) => {
    loop.network.segmentBytes = 2;
    const pieces: string[] = [];
    const server = await loop.createServer(
      () => ({ dataReceived: (data: Buffer) => pieces.push(`${data}`) }),
      "server",
      1,
    );
    const [transport] = await loop.createConnection(() => ({}), "server", 1);
    transport.write(Buffer.from("abcde"));
    transport.writeLines([Buffer.from("f"), Buffer.from("g")]);
    await sleep(1);
    assert.equal(pieces, ["ab", "cd", "e", "fg"]);
    transport.close();
    server.close();
  }),
);

test(
  "breakConnections resets both ends of each, and servers go on",
  onVirtual(async (loop) => {
    loop.network.latency = 10;
    const recorders: Recorder[] = [];
    const record = (): Recorder => {
      const made = new Recorder(loop);
      recorders.push(made);
      return made;
    };
    const server = await loop.createServer(record, "server", 1);
    for (let count = 0; count < 3; count++) await loop.createConnection(record, "server", 1);
    const now = loop.time();
    loop.network.breakConnections();
    for (const { lost } of recorders) assert.is(((await lost) as NodeJS.ErrnoException).code, "ECONNRESET");
    assert.is(loop.time(), now);
    assert.is(recorders.length, 6);
    const [transport] = await loop.createConnection(() => ({}), "server", 1);
    transport.abort();
    server.close();
    await server.waitClosed();
  }),
);

test(
  "breakConnections reaches an end whose peer has closed its own",
  onVirtual(async (loop) => {
    for (const closing of ["client", "server"]) {
      const open = Object.assign(new Recorder(loop), { eofReceived: () => true });
      const closed = new Recorder(loop);
      const [client, accepted] = closing === "client" ? [closed, open] : [open, closed];
      const server = await loop.createServer(() => accepted, "server", 1);
      await loop.createConnection(() => client, "server", 1);
      await closed.made;
      closed.transport.close();
      await sleep(1);
      loop.network.breakConnections();
      assert.is(((await open.lost) as NodeJS.ErrnoException).code, "ECONNRESET", closing);
      server.close();
    }
  }),
);

test(
  "breakConnections in a callback calls nobody back before that has returned",
  onVirtual(async (loop) => {
    loop.network.segmentBytes = 2;
    const seen: string[] = [];
    const dataReceived = (data: Buffer): void => {
      seen.push(`${data}`);
      loop.network.breakConnections();
      seen.push("broken");
    };
    const connectionLost = (): void => void seen.push("lost");
    const server = await loop.createServer(() => ({ dataReceived, connectionLost }), "server", 1);
    const [transport] = await loop.createConnection(() => new Recorder(loop), "server", 1);
    transport.write(Buffer.from("abcd"));
    await sleep(1);
    assert.equal(seen, ["ab", "broken", "cd", "broken", "lost"]);
    server.close();
  }),
);

test(
  "streams work on top, and a client that gives up while it connects leaves the server an end",
  onVirtual(async (loop) => {
    loop.network.latency = 0.1;
    let served = 0;
    const server = await startServer(
      async (reader, writer) => {
        served++;
        for await (const line of reader) writer.write(Buffer.from(`${line}`.toUpperCase()));
        writer.close();
      },
      "server",
      1,
    );
    for (const patience of [0.05, 0.1, 0.15, 0.2]) {
      const connecting = openConnection("server", 1);
      await sleep(patience);
      if (!connecting.cancel()) connecting.result()[1].close();
      await sleep(1);
    }
    const ask = async (word: string): Promise<string> => {
      const [reader, writer] = await openConnection("server", 1);
      writer.write(Buffer.from(`${word}\n`));
      writer.writeEof();
      const answer = `${await reader.read()}`.trim();
      writer.close();
      return answer;
    };
    const answers = await gather(["one", "two", "three"].map((word) => loop.createTask(() => ask(word))));
    assert.equal(answers, ["ONE", "TWO", "THREE"]);
    assert.is(served, 7);
    server.close();
    await server.waitClosed();
  }),
);

test(
  "a client that is cancelled at any iteration of connecting leaves no end open",
  onVirtual(async (loop) => {
    for (let iterations = 0; iterations < 10; iterations++) {
      const protocol = new Recorder(loop);
      const server = await loop.createServer(() => protocol, "server", 1);
      const connect = async (): Promise<void> => (await loop.createConnection(() => ({}), "server", 1))[0].close();
      const task = loop.createTask(connect);
      for (let count = 0; count < iterations; count++) await iteration(loop);
      task.cancel();
      await rejectionOf(task).catch(() => null);
      await sleep(1);
      server.close();
      if (protocol.trace.length > 0) assert.is(await protocol.lost, null, `${iterations}`);
      await server.waitClosed();
    }
  }),
);

test(
  "what there is no use for is refused, and so is nonsense",
  onVirtual(async (loop) => {
    const make = () => ({});
    const calls: [code: string, call: () => unknown][] = [
      ["ERR_VIRTUAL_NETWORK", () => loop.createConnection(make, "a", 1, { ssl: true })],
      ["ERR_VIRTUAL_NETWORK", () => loop.createConnection(make, "a", 1, { family: AF_INET })],
      ["ERR_VIRTUAL_NETWORK", () => loop.createConnection(make, "a", 1, { localAddr: { host: "b" } })],
      ["ERR_VIRTUAL_NETWORK", () => loop.createServer(make, "a", 1, { reusePort: true })],
      ["ERR_VIRTUAL_NETWORK", () => loop.createUnixServer(make, "a", { cleanupSocket: false })],
      ["ERR_NO_LOOKUPS", () => loop.createConnection(make, "a", "http")],
      ["ERR_NO_ADDRESS", () => loop.createConnection(make)],
      ["ERR_NO_ADDRESS", () => loop.createServer(make)],
      ["ERR_NO_ADDRESS", () => loop.createUnixConnection(make)],
      ["ERR_NO_ADDRESS", () => loop.createUnixServer(make, "")],
      ["ERR_INVALID_ARG_TYPE", () => loop.createServer(make, [], 1)],
      ["ERR_INVALID_ARG_TYPE", () => loop.createServer(make, 7 as unknown as string, 1)],
      ["ERR_OUT_OF_RANGE", () => loop.createServer(make, "a", 70_000)],
      ["ERR_OUT_OF_RANGE", () => loop.createServer(make, "a", 1, { backlog: -1 })],
      ["ERR_NOT_CALLABLE", () => loop.createConnection(Recorder as unknown as () => object, "a", 1)],
      ["ERR_BAD_TIME", () => Object.assign(loop.network, { latency: Number.NaN })],
      ["ERR_BAD_TIME", () => Object.assign(loop.network, { latency: -1 })],
      ["ERR_NOT_A_NUMBER", () => Object.assign(loop.network, { latency: "1" })],
      ["ERR_OUT_OF_RANGE", () => Object.assign(loop.network, { segmentBytes: 0 })],
    ];
    for (const [code, call] of calls) assert.is(thrownBy(call).code, code, String(call));
  }),
);

test(
  "a file can be sent, and TLS cannot begin",
  onVirtual(async (loop) => {
    const server = new Recorder(loop);
    const serving = await loop.createServer(() => server, "server", 1);
    const [transport] = await loop.createConnection(() => ({}), "server", 1);
    const file = openSync(import.meta.filename, "r");
    // It takes no time.
    const sent = await waitFor(loop.sendfile(transport, file), 1);
    closeSync(file);
    await server.gets(sent);
    assert.ok(server.received.equals(readFileSync(import.meta.filename)));
    assert.is(loop.time(), 0);
    assert.is(thrownBy(() => loop.startTls(transport, {}, new SSLContext())).code, "ERR_NO_OUTSIDE");
    transport.close();
    serving.close();
  }),
);

test("a closed loop refuses calls, and closing one tells nobody", async () => {
  const loop = new VirtualEventLoop();
  const protocol = new Recorder(loop);
  const connect = function* (): Coroutine<void> {
    yield* loop.createServer(() => new Echo(), "server", 1);
    yield* loop.createConnection(() => protocol, "server", 1);
    protocol.transport.write(Buffer.from("on its way"));
    loop.createConnection(() => ({}), "server", 1);
  };
  await loop.runUntilComplete(connect());
  loop.close();
  assert.equal(protocol.trace, ["CM"]);
  for (const call of [
    () => loop.createConnection(() => ({}), "server", 1),
    () => loop.createServer(() => ({}), "server", 1),
    () => loop.createUnixConnection(() => ({}), "/x"),
    () => loop.createUnixServer(() => ({}), "/x"),
  ]) {
    assert.is(thrownBy(call).code, "ERR_LOOP_CLOSED");
  }
});

test(
  "a protocol factory that throws ends the connection, and debug mode tells",
  onVirtual(async (loop, reported) => {
    const throwing = (): object => {
      throw new Error("no protocol");
    };
    for (const debug of [false, true]) {
      loop.setDebug(debug);
      const server = await loop.createServer(throwing, "server", 1);
      const [, protocol] = await loop.createConnection(() => new Recorder(loop), "server", 1);
      assert.is(await protocol.lost, null);
      assert.match(String(await rejectionOf(loop.createConnection(throwing, "server", 1))), "no protocol");
      await iteration(loop);
      server.close();
      await server.waitClosed();
      const told = reported.splice(0).map(({ exception }) => (exception as Error).message);
      assert.equal(told, debug ? ["no protocol", "no protocol"] : []);
    }
  }),
);

test.run();
