import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SHUT_RDWR } from "../../../host/constants.js";
import { FatalError } from "../../../host/errors.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import { Socket } from "../../../host/net/socket.js";
import { located } from "../../support/child-programs.js";
import { leakChecked } from "../../support/leaks.js";
import { iteration, nodeClient, onLoop, portOf, Recorder } from "./support.js";

/** What a program prints that may have 64 descriptors open. */
async function outputWithFewDescriptors(program: string): Promise<string> {
  const words = [
    "-c",
    'ulimit -n 64; exec "$0" "$@"',
    process.execPath,
    "--input-type=module",
    "--eval",
    located(program),
  ];
  const { stdout, stderr } = await promisify(execFile)("/bin/sh", words);
  return stdout + stderr;
}

const test = leakChecked(suite("accepting"));

test(
  "connections that wait are accepted `backlog` at a time",
  onLoop(async ({ loop }) => {
    const made: number[] = [];
    const server = await loop.createServer(() => ({ connectionMade: () => made.push(1) }), "127.0.0.1", 0, {
      backlog: 7,
    });
    const address = server.sockets?.[0]?.getsockname() as { host: string; port: number };
    // Linux has room for one more than the backlog.
    const clients = Array.from({ length: 8 }, () => new Socket());
    for (const client of clients) client.connectEx(address);
    const steps: number[] = [];
    while (made.length < 8) {
      await iteration(loop);
      if (made.length !== steps.at(-1)) steps.push(made.length);
    }
    assert.equal(
      steps.filter((step) => step > 0),
      [7, 8],
    );
    for (const client of clients) client.close();
    server.close();
    await server.waitClosed();
  }),
);

test(
  "a server with a backlog of 0 accepts connections all the same",
  onLoop(async ({ loop }) => {
    const protocol = new Recorder(loop);
    const server = await loop.createServer(() => protocol, "127.0.0.1", 0, { backlog: 0 });
    const client = await nodeClient(portOf(server));
    await protocol.made;
    client.destroy();
    await protocol.lost;
    server.close();
  }),
);

test(
  "a factory that throws costs its connection, and only debug mode tells of it",
  onLoop(async ({ loop, reported }) => {
    const wrong = new Error("factory");
    const server = await loop.createServer(
      () => {
        throw wrong;
      },
      "127.0.0.1",
      0,
    );
    for (const debug of [false, true]) {
      loop.setDebug(debug);
      const client = new Socket();
      await loop.sockConnect(client, server.sockets?.[0]?.getsockname() as never);
      assert.is((await loop.sockRecv(client, 1)).length, 0);
      client.close();
      assert.is(reported.length, debug ? 1 : 0);
    }
    assert.is(reported.pop()?.message, "Error on transport creation for incoming connection");
    server.close();
    assert.ok(server.waitClosed().done());
  }),
);

test("a fatal error of the factory ends the run, and the server goes on in the next one", async () => {
  const loop = new EventLoop();
  let fatal = true;
  const protocol = new Recorder(loop);
  const factory = () => {
    if (fatal) throw new FatalError("the end");
    return protocol;
  };
  const server = await loop.runUntilComplete(loop.createServer(factory, "127.0.0.1", 0));
  const clients = [new Socket(), new Socket()];
  for (const client of clients) client.connectEx(server.sockets?.[0]?.getsockname() as never);
  await loop.runForever().then(
    () => assert.unreachable(),
    (error) => assert.is(error.message, "the end"),
  );
  fatal = false;
  await loop.runUntilComplete(protocol.made);
  for (const client of clients) client.close();
  server.close();
  await loop.runUntilComplete(server.waitClosed());
  loop.close();
});

test(
  "a listening socket that is shut down is reported once and left alone",
  onLoop(async ({ loop, reported }) => {
    const server = await loop.createServer(() => ({}), "127.0.0.1", 0);
    const [socket] = server.sockets ?? [];
    socket?.shutdown(SHUT_RDWR);
    while (reported.length === 0) await iteration(loop);
    assert.is(reported.pop()?.message, "socket.accept() failed for good");
    server.close();
  }),
);

test("a server that runs out of descriptors reports it once, pauses, and accepts again", async () => {
  const output = await outputWithFewDescriptors(`
    import { closeSync, openSync } from "node:fs";
    import { EventLoop } from "host/loop/event-loop.js";
    import { Socket } from "host/net/socket.js";
    const loop = new EventLoop();
    const reported = [];
    loop.setExceptionHandler((_, context) => reported.push(context));
    const accepted = loop.createFuture();
    const server = await loop.runUntilComplete(loop.createServer(() => ({ connectionMade: (transport) => accepted.setResult(transport) }), "127.0.0.1", 0));
    const client = new Socket();
    const fillers = [];
    try {
      for (;;) fillers.push(openSync("/dev/null"));
    } catch (error) {
      if (error.code !== "EMFILE") throw error;
    }
    client.connectEx(server.sockets[0].getsockname());
    const started = loop.time();
    loop.callLater(0.2, () => {
      for (const fd of fillers) closeSync(fd);
      console.log(reported.length, reported[0].message, reported[0].exception.code, reported[0].socket === server.sockets[0], accepted.done());
    });
    const transport = await loop.runUntilComplete(accepted);
    console.log(loop.time() - started >= 1, reported.length);
    transport.abort();
    client.close();
    server.close();
    await loop.runUntilComplete(server.waitClosed());
    loop.close();
  `);
  assert.is(output, "1 socket.accept() out of system resource EMFILE true false\ntrue 1\n");
});

test.run();
