import { once } from "node:events";
import { inspect } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { EventLoop } from "../../../host/loop/event-loop.js";
import type { Server } from "../../../host/net/server.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";
import { iteration, nodeClient, onLoop, portOf, Recorder, rejectionOf } from "./support.js";

const test = leakChecked(suite("Server"));

/** A server with one connection, as both ends see it. */
async function withConnection(loop: EventLoop, server: Server, protocols: Recorder[]) {
  const client = await nodeClient(portOf(server));
  while (protocols.length === 0) await iteration(loop);
  const protocol = protocols[0] as Recorder;
  await protocol.made;
  return { client, protocol };
}

async function serving(loop: EventLoop) {
  const protocols: Recorder[] = [];
  const factory = () => protocols[protocols.push(new Recorder(loop)) - 1] as Recorder;
  const server = await loop.createServer(factory, "127.0.0.1", 0);
  return { server, ...(await withConnection(loop, server, protocols)) };
}

test(
  "close ends listening and leaves the connections alone",
  onLoop(async ({ loop }) => {
    const { server, client, protocol } = await serving(loop);
    const { sockets } = server;
    const port = portOf(server);
    assert.ok(server.isServing());
    server.close();
    server.close();
    assert.not(server.isServing());
    assert.is(server.sockets, null);
    assert.ok(sockets?.every((socket) => socket.closed));
    assert.is((await rejectionOf(nodeClient(port))).code, "ECONNREFUSED");
    client.end("still here");
    await protocol.lost;
    assert.is(protocol.text, "still here");
  }),
);

test(
  "waitClosed waits for close and for the last connection",
  onLoop(async ({ loop }) => {
    const { server, client, protocol } = await serving(loop);
    const before = server.waitClosed();
    server.close();
    const after = server.waitClosed();
    await iteration(loop);
    assert.not(before.done());
    assert.not(after.done());
    client.destroy();
    await before;
    assert.ok(after.done());
    assert.is(protocol.trace.at(-1), "CL");
    await server.waitClosed();
  }),
);

test(
  "waitClosed of a server without connections is done as soon as it is closed",
  onLoop(async ({ loop }) => {
    const server = await loop.createServer(() => ({}), "127.0.0.1", 0);
    const waiter = server.waitClosed();
    assert.not(waiter.done());
    server.close();
    assert.ok(waiter.done());
    assert.ok(server.waitClosed().done());
  }),
);

test(
  "a waiter that was cancelled is passed over",
  onLoop(async ({ loop }) => {
    const server = await loop.createServer(() => ({}), "127.0.0.1", 0);
    const [first, second] = [server.waitClosed(), server.waitClosed()];
    first.cancel();
    server.close();
    await second;
    assert.ok(first.cancelled());
  }),
);

test(
  "an error in connectionLost does not keep the server waiting",
  onLoop(async ({ loop, reported }) => {
    const { server, client, protocol } = await serving(loop);
    protocol.connectionLost = () => {
      throw new Error("lost");
    };
    server.close();
    client.destroy();
    await server.waitClosed();
    assert.match(String(reported.pop()?.exception), "lost");
  }),
);

test(
  "closeClients and abortClients end the connections",
  onLoop(async ({ loop }) => {
    for (const method of ["closeClients", "abortClients"] as const) {
      const { server, client, protocol } = await serving(loop);
      if (method === "abortClients") protocol.transport.write(Buffer.alloc(16 << 20));
      server[method]();
      assert.is(protocol.transport.getWriteBufferSize(), 0);
      assert.is(await protocol.lost, null);
      client.resume();
      await once(client, "close");
      server.close();
      assert.ok(server.waitClosed().done());
    }
  }),
);

test(
  "serveForever starts the server, and cancelling it closes it once the connections have ended",
  onLoop(async ({ loop }) => {
    const protocols: Recorder[] = [];
    const factory = () => protocols[protocols.push(new Recorder(loop)) - 1] as Recorder;
    const server = await loop.createServer(factory, "127.0.0.1", 0, { startServing: false });
    const forever = server.serveForever();
    assert.ok(server.isServing());
    const { client } = await withConnection(loop, server, protocols);
    assert.is(thrownBy(() => server.serveForever()).code, "ERR_SERVER_BUSY");
    assert.ok(forever.cancel("enough"));
    assert.is(server.sockets, null);
    await iteration(loop);
    assert.not(forever.done());
    client.destroy();
    const error = await rejectionOf(forever);
    assert.is(error.code, "ERR_CANCELLED");
    assert.is(error.message, "enough");
    assert.not(forever.cancel());
  }),
);

test(
  "a second cancellation of serveForever does not wait",
  onLoop(async ({ loop }) => {
    const { server, client } = await serving(loop);
    const forever = server.serveForever();
    forever.cancel();
    assert.not(forever.done());
    forever.cancel();
    assert.ok(forever.cancelled());
    client.destroy();
    await server.waitClosed();
  }),
);

test(
  "a task that serves for ever is cancelled with the server",
  onLoop(async ({ loop }) => {
    const server = await loop.createServer(() => ({}), "127.0.0.1", 0);
    const byTask = loop.createTask(function* () {
      yield* server.serveForever();
    });
    await iteration(loop);
    byTask.cancel();
    assert.is((await rejectionOf(byTask)).code, "ERR_CANCELLED");
    assert.is(server.sockets, null);
  }),
);

test(
  "close cancels serveForever",
  onLoop(async ({ loop }) => {
    const server = await loop.createServer(() => ({}), "127.0.0.1", 0);
    const forever = server.serveForever();
    server.close();
    assert.is((await rejectionOf(forever)).code, "ERR_CANCELLED");
  }),
);

test(
  "a closed server cannot be started again",
  onLoop(async ({ loop }) => {
    const server = await loop.createServer(() => ({}), "127.0.0.1", 0);
    server.close();
    assert.is(thrownBy(() => server.startServing()).code, "ERR_SERVER_CLOSED");
    assert.is(thrownBy(() => server.serveForever()).code, "ERR_SERVER_CLOSED");
  }),
);

test(
  "starting twice is starting once",
  onLoop(async ({ loop }) => {
    const server = await loop.createServer(() => ({}), "127.0.0.1", 0);
    const started = server.startServing();
    assert.not(started.done(), "not before the next iteration");
    await started;
    assert.ok(server.isServing());
    server.close();
  }),
);

test(
  "a server is disposed of with its connections waited for, or not",
  onLoop(async ({ loop }) => {
    const { server, client } = await serving(loop);
    const disposed = server[Symbol.asyncDispose]();
    assert.is(server.sockets, null);
    client.destroy();
    await disposed;
    assert.ok(server.waitClosed().done());
    const other = await loop.createServer(() => ({}), "127.0.0.1", 0);
    other[Symbol.dispose]();
    assert.is(other.sockets, null);
  }),
);

test(
  "the listening socket belongs to the server until it is closed",
  onLoop(async ({ loop }) => {
    const server = await loop.createServer(() => ({}), "127.0.0.1", 0);
    const [socket] = server.sockets ?? [];
    const fd = socket?.fileno() as number;
    assert.is(thrownBy(() => loop.addReader(fd, () => {})).code, "ERR_FD_IN_USE");
    assert.is(thrownBy(() => loop.sockAccept(socket as never)).code, "ERR_FD_IN_USE");
    server.sockets?.pop();
    assert.is(server.sockets?.length, 1);
    server.close();
    assert.not(loop.removeReader(fd));
  }),
);

test(
  "a server says what it is",
  onLoop(async ({ loop }) => {
    const server = await loop.createServer(() => ({}), "127.0.0.1", 0);
    assert.is(server.getLoop(), loop);
    assert.is(inspect(server), `<Server sockets=[${server.sockets?.[0]?.fileno()}]>`);
    server.close();
    assert.is(String(server), "<Server closed>");
  }),
);

test("a server of a closed loop gives its sockets back when it is closed", async () => {
  const loop = new EventLoop();
  const server = await loop.runUntilComplete(loop.createServer(() => ({}), "127.0.0.1", 0));
  loop.close();
  server.close();
  assert.is(server.sockets, null);
});

test.run();
