/** What a loop says of what is unfinished when it is closed. */
import { PassThrough } from "node:stream";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  AF_INET,
  type EventLoop,
  FatalError,
  type InetAddress,
  KeyboardInterrupt,
  Protocol,
  pipe,
  SOCK_DGRAM,
  Socket,
  socketpair,
  type Transport,
} from "../../../host/index.js";
import { closeAll, listener, thrownBy } from "../../support/sockets.js";
import { bothLoops, contextsOf, runFor, runOnce } from "./both-loops.js";

const test = bothLoops(suite("what is unfinished"));

function* forever(): Generator<undefined, void, unknown> {
  for (;;) yield;
}

/** Closes the loop, and answers what it warned of. */
async function closeWithWarnings(loop: EventLoop): Promise<(Error & { detail?: string })[]> {
  const warnings: Error[] = [];
  const note = (warning: Error): number => warnings.push(warning);
  process.on("warning", note);
  loop.close();
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", note);
  return warnings;
}

test("tasks that are pending are reported, in debug mode or not, when the loop is closed", async (loop) => {
  const contexts = contextsOf(loop);
  loop.setDebug(false);
  const fresh = loop.createTask(forever());
  const begun = loop.createTask(async () => await loop.createFuture());
  const ended = loop.createTask(async () => {});
  await loop.runUntilComplete(ended);
  const closed: boolean[] = [];
  loop.setExceptionHandler((_loop, context) => {
    closed.push(loop.isClosed());
    contexts.push(context);
  });
  loop.close();
  loop.close();
  assert.equal(contexts, [
    { message: "Task was destroyed but it is pending!", task: fresh },
    { message: "Task was destroyed but it is pending!", task: begun },
  ]);
  assert.equal(closed, [true, true]);
});

test("an exception handler that ends the process hears of all of them first", (loop) => {
  const told: unknown[] = [];
  loop.setExceptionHandler((_loop, { task }) => {
    told.push(task);
    throw new KeyboardInterrupt(`${told.length}`);
  });
  const tasks = [loop.createTask(forever()), loop.createTask(forever())];
  const error = thrownBy(() => loop.close());
  assert.instance(error, FatalError);
  assert.is(error.message, "1");
  assert.equal(told, tasks);
  assert.ok(loop.isClosed());
});

test("a task that was made in debug mode says where", (loop) => {
  const contexts = contextsOf(loop);
  loop.setDebug(true);
  loop.createTask(forever());
  loop.close();
  assert.match(contexts[0]?.sourceTraceback ?? "", /^ {4}at .*unclosed\.test/);
});

for (const debug of [true, false]) {
  test.onReal(
    `transports and servers that are open are warned of ${debug ? "in" : "but not outside of"} debug mode`,
    async (loop) => {
      loop.setDebug(debug);
      const transports: Transport[] = [];
      class Noting extends Protocol {
        override connectionMade(transport: Transport): void {
          transports.push(transport);
        }
      }
      const server = await loop.runUntilComplete(loop.createServer(() => new Noting(), "127.0.0.1", 0));
      const address = (server.sockets as Socket[])[0]?.getsockname() as InetAddress;
      await loop.runUntilComplete(loop.createConnection(() => new Noting(), address.host, address.port));
      while (transports.length < 2) await runOnce(loop);
      const warnings = await closeWithWarnings(loop);
      for (const transport of transports) transport.abort();
      server.close();
      if (!debug) return assert.equal(warnings, []);
      const texts = warnings.map(({ name, message }) => `${name}: ${message}`).sort();
      assert.is(texts.length, 3);
      assert.match(texts[0] ?? "", /^ResourceWarning: unclosed server <Server sockets=\[\d+\]>$/);
      assert.match(texts[1] ?? "", /^ResourceWarning: unclosed transport <.*>$/);
      assert.match(texts[2] ?? "", /^ResourceWarning: unclosed transport <.*>$/);
    },
  );
}

test.onReal("transports and servers that are open are closed with the loop", async (loop) => {
  const made = new Socket(AF_INET, SOCK_DGRAM);
  const [ours, theirs] = socketpair();
  const [read, write] = pipe();
  const plain = () => ({});
  const server = await loop.runUntilComplete(loop.createServer(plain, "127.0.0.1", 0));
  const [transport] = await loop.runUntilComplete(loop.connectAcceptedSocket(plain, ours));
  const [endpoint] = await loop.runUntilComplete(loop.createDatagramEndpoint(plain, null, null, { sock: made }));
  const [reads] = await loop.runUntilComplete(loop.connectReadPipe(plain, read));
  const [writes] = await loop.runUntilComplete(loop.connectWritePipe(plain, write));
  transport.write(Buffer.from("last words"));
  loop.close();
  for (const one of [transport, endpoint, reads, writes]) assert.ok(one.isClosing(), String(one));
  assert.is(server.sockets, null);
  assert.is(theirs.recv(100).toString(), "last words");
  assert.is(theirs.recv(100).length, 0);
  for (const one of [transport, endpoint, writes]) one.abort();
  reads.close();
  server.close();
  closeAll(theirs);
});

test.onReal("a stream of Node's is closed with the loop too, and debug mode warns of it", async (loop) => {
  loop.setDebug(true);
  const [open, closed] = [new PassThrough(), new PassThrough()];
  await loop.runUntilComplete(loop.connectDuplex(() => ({}), open));
  const [transport] = await loop.runUntilComplete(loop.connectDuplex(() => ({}), closed));
  transport.abort();
  await runOnce(loop);
  const texts = (await closeWithWarnings(loop)).map(({ message }) => message);
  assert.equal(texts, ["unclosed transport <DuplexTransport PassThrough read=polling bufsize=0>"]);
  assert.ok(open.destroyed);
});

test.onVirtual("what is open in a virtual network is warned of in debug mode", async (loop) => {
  loop.setDebug(true);
  const servers = [1, 2].map((port) => loop.createServer(() => ({}), "a", port));
  for (const server of servers) await loop.runUntilComplete(server);
  servers[1]?.result().close();
  const connecting = loop.createConnection(() => ({}), "a", 1);
  const [transport] = await loop.runUntilComplete(connecting);
  const [lost] = await loop.runUntilComplete(loop.createConnection(() => ({}), "a", 1));
  lost.abort();
  await runFor(loop, 1);
  const texts = (await closeWithWarnings(loop)).map(({ message }) => message);
  assert.equal(texts, [
    "unclosed server <Server sockets=[virtual]>",
    "unclosed transport <VirtualTransport read=polling bufsize=0>",
    "unclosed transport <VirtualTransport read=polling bufsize=0>",
  ]);
  assert.ok(transport.isClosing());
});

test.onReal("what was closed is not warned of", async (loop) => {
  loop.setDebug(true);
  const server = await loop.runUntilComplete(loop.createServer(() => new Protocol(), "127.0.0.1", 0));
  server.close();
  assert.equal(await closeWithWarnings(loop), []);
});

test.onReal("what a pending call has opened is closed with the loop", async (loop) => {
  const listening = listener(0);
  const waiting = new Socket();
  waiting.connectEx(listening.getsockname());
  const { port } = listening.getsockname() as InetAddress;
  const protocol = (): Protocol => new Protocol();
  const calls = [
    loop.createConnection(protocol, "127.0.0.1", port),
    loop.createConnection(protocol, "127.0.0.1", port),
    loop.createConnection(protocol, "127.0.0.1", port, { happyEyeballsDelay: 0.1 }),
    loop.createServer(protocol, "127.0.0.1", 0),
    loop.createUnixServer(protocol, `\0wasyncio-unclosed-${process.pid}`),
  ];
  loop.close();
  for (const call of calls) assert.not(call.done());
  closeAll(waiting, listening);
});

test("a closed loop runs no coroutine, and closes it", (loop) => {
  loop.close();
  const coroutine = forever();
  assert.is(thrownBy(() => loop.createTask(coroutine)).code, "ERR_LOOP_CLOSED");
  assert.equal(coroutine.next(), { value: undefined, done: true });
});

test.run();
