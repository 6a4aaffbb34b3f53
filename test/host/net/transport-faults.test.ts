/**
 * Faults that end things: each call that a transport makes fails once with each error that a kernel may answer, and
 * whatever happens, `connectionLost` comes once and last, with that error or none, and nothing stays open or watched.
 */
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sleepOn } from "../../../host/futures/sleep.js";
import type { EventLoop } from "../../../host/loop/event-loop.js";
import { Socket } from "../../../host/net/socket.js";
import type { Transport } from "../../../host/net/transport.js";
import type { Protocol } from "../../../host/protocols.js";
import {
  EACCES,
  ECONNABORTED,
  ECONNRESET,
  EIO,
  EMFILE,
  ENFILE,
  ENOBUFS,
  ENOMEM,
  EPERM,
  EPIPE,
  ETIMEDOUT,
} from "../../../host/sys/errno.js";
import { confusion, once } from "../../support/fake-selector/faults.js";
import { type Script, ScriptedKernel, type ScriptedPeer } from "../../support/fake-selector/scripted-kernel.js";
import type { ScriptedSelector } from "../../support/fake-selector/scripted-selector.js";
import { leakChecked } from "../../support/leaks.js";
import { assertSoundLife, type Stage, scriptedArm, scriptedLoop } from "./arms.js";
import { iteration, Recorder } from "./support.js";

const test = leakChecked(suite("faults"));

const CODES = new Map([
  [ECONNRESET, "ECONNRESET"],
  [EPIPE, "EPIPE"],
  [ETIMEDOUT, "ETIMEDOUT"],
  [ENOBUFS, "ENOBUFS"],
  [EIO, "EIO"],
]);

/** What a kernel was asked while a conversation went on, and what came of it. */
interface Outcome {
  calls: number;
  error: Error | null;
}

/** Plays on a scripted kernel, and answers how many calls it was asked about. */
async function outcomeOf(script: Script, play: (stage: Stage) => Promise<Error | null>): Promise<Outcome> {
  const outcome: Outcome = { calls: 0, error: null };
  const counted: Script = (operation, count) => {
    outcome.calls = count + 1;
    return script(operation, count);
  };
  const arm = scriptedArm("faults", () => counted);
  await arm.play(async (stage) => {
    outcome.error = await play(stage);
  })();
  return outcome;
}

/** Has a protocol keep its connection when the peer ends the stream. */
function keepOpen(protocol: Protocol): void {
  const note = protocol.eofReceived?.bind(protocol);
  protocol.eofReceived = () => {
    note?.();
    return true;
  };
}

/** A connection that does all that one can do: receives, sends at once and later, ends its stream, is ended. */
async function talkOverSocket({ loop, connection, recorder, tooMuch }: Stage): Promise<Error | null> {
  const [sock, peer] = connection();
  const protocol = recorder();
  keepOpen(protocol);
  const [transport] = await loop.createConnection(() => protocol, null, null, { sock });
  await peer.send(Buffer.from("hello"));
  for (let count = 0; count < 3; count++) await iteration(loop);
  if (!transport.isClosing()) transport.write(Buffer.from("at once"));
  if (!transport.isClosing()) transport.write(tooMuch);
  peer.end();
  if (!transport.isClosing()) transport.writeEof();
  for (let count = 0; count < 10; count++) {
    peer.read();
    await iteration(loop);
  }
  transport.close();
  return protocol.lost;
}

/** The same over two pipes. */
async function talkOverPipes({ loop, source, sink, recorder, tooMuch }: Stage): Promise<Error | null> {
  const [reader, writing] = source();
  const [writer, reading] = sink();
  const input = recorder();
  const output = recorder();
  await loop.connectReadPipe(() => input, reader);
  const [transport] = await loop.connectWritePipe(() => output, writer);
  await writing.send(Buffer.from("hello"));
  for (let count = 0; count < 3; count++) await iteration(loop);
  transport.write(Buffer.from("at once"));
  transport.write(tooMuch);
  transport.close();
  for (let count = 0; count < 10; count++) {
    reading.read();
    await iteration(loop);
  }
  writing.end();
  return (await input.lost) ?? output.lost;
}

for (const [name, talk, reportsReads] of [
  ["a connection", talkOverSocket, false],
  ["a pipe", talkOverPipes, true],
] as const) {
  test(`each call of ${name} fails with each error`, async () => {
    const { calls, error } = await outcomeOf(() => null, talk);
    assert.is(error, null);
    assert.ok(calls >= 7, `${calls} calls`);
    for (const [errno, code] of CODES) {
      for (let at = 0; at < calls; at++) {
        const { error } = await outcomeOf(once(at, { errno }), async (stage) => {
          const lost = await talk(stage);
          if (!reportsReads) return lost;
          // Errors of reading from a pipe are the loop's to tell, but for the end of a terminal.
          for (const { message } of stage.reported.splice(0)) assert.is(message, "Fatal read error on pipe transport");
          return lost;
        });
        assert.is((error as NodeJS.ErrnoException | null)?.code, code, `${code} at call ${at}`);
      }
    }
  });
}

interface Accepting {
  loop: EventLoop;
  kernel: ScriptedKernel;
  served: Recorder[];
  reported: string[];
  connect(): ScriptedPeer;
}

/** A server on a scripted kernel. */
async function serving(script: Script, body: (scene: Accepting) => Promise<void>): Promise<void> {
  const kernel = new ScriptedKernel(script);
  const loop = scriptedLoop(kernel);
  const reported: string[] = [];
  loop.setExceptionHandler((_loop, { message, exception }) => {
    reported.push(`${message}: ${(exception as NodeJS.ErrnoException).code}`);
  });
  const [fd, connect] = kernel.listener();
  const served: Recorder[] = [];
  try {
    await loop.runUntilComplete(
      loop.createTask(async () => {
        const sock = new Socket(undefined, undefined, undefined, { fileno: fd });
        const factory = (): Recorder => served[served.push(new Recorder(loop)) - 1] as Recorder;
        const server = await loop.createServer(factory, null, null, { sock });
        await body({ loop, kernel, served, reported, connect });
        server.close();
        server.closeClients();
        await server.waitClosed();
      }),
    );
    for (const { trace } of served) assertSoundLife(trace);
  } finally {
    loop.close();
    kernel.uninstall();
  }
}

async function until(loop: EventLoop, condition: () => boolean): Promise<void> {
  while (!condition()) await iteration(loop);
}

for (const [errno, code, message] of [
  [EMFILE, "EMFILE", "socket.accept() out of system resource"],
  [ENFILE, "ENFILE", "socket.accept() out of system resource"],
  [ENOBUFS, "ENOBUFS", "socket.accept() out of system resource"],
  [ENOMEM, "ENOMEM", "socket.accept() out of system resource"],
  [EACCES, "EACCES", "socket.accept() failed"],
  [EPERM, "EPERM", "socket.accept() failed"],
  [EIO, "EIO", "socket.accept() failed"],
] as const) {
  test(`accepting that fails with ${code} is told of once, rests a second, and goes on`, async () => {
    let attempts = 0;
    const script: Script = (operation) => (operation === "accept" && ++attempts <= 3 ? { errno } : null);
    await serving(script, async ({ loop, served, reported, connect }) => {
      const peers = [connect(), connect()];
      await until(loop, () => attempts > 0);
      const failures = Array.from({ length: 3 }, () => `${message}: ${code}`);
      for (let count = 1; count <= 3; count++) {
        await sleepOn(loop, loop._scheduler, 0.999, undefined);
        assert.is(attempts, count);
        assert.equal(reported, failures.slice(0, count));
        await sleepOn(loop, loop._scheduler, 0.001, undefined);
        await iteration(loop);
      }
      assert.is(served.length, 2);
      assert.equal(reported, failures);
      for (const peer of peers) await peer.send(Buffer.from("hello"));
      for (const protocol of served) await protocol.gets(5);
      assert.is(attempts, 5);
      for (const peer of peers) peer.close();
      for (const protocol of served) assert.is(await protocol.lost, null);
    });
  });
}

test("a server that is closed while it rests does not go on", async () => {
  const kernel = new ScriptedKernel((operation) => (operation === "accept" ? { errno: EMFILE } : null));
  const loop = scriptedLoop(kernel);
  const reported: string[] = [];
  loop.setExceptionHandler((_loop, { message }) => reported.push(message));
  const [fd, connect] = kernel.listener();
  const sock = new Socket(undefined, undefined, undefined, { fileno: fd });
  await loop.runUntilComplete(
    loop.createTask(async () => {
      const server = await loop.createServer(() => ({}), null, null, { sock });
      connect();
      await until(loop, () => reported.length > 0);
      server.close();
      await sleepOn(loop, loop._scheduler, 2, undefined);
    }),
  );
  assert.equal(reported, ["socket.accept() out of system resource"]);
  loop.close();
  kernel.uninstall();
});

test("a server that cannot watch its socket after a rest tells of it, and rests again", async () => {
  let isShort = true;
  const kernel = new ScriptedKernel((operation) => (operation === "accept" && isShort ? { errno: EMFILE } : null));
  const loop = scriptedLoop(kernel);
  const selector = (loop._scheduler.driver as unknown as { selector: ScriptedSelector }).selector;
  const watch = selector.watch.bind(selector);
  const reported: string[] = [];
  loop.setExceptionHandler((_loop, { message, exception }) => {
    reported.push(`${message}: ${(exception as NodeJS.ErrnoException).code}`);
    isShort = false;
    // The first rest ends in vain, the second does not.
    selector.watch = (fd, interest, generation) =>
      interest !== 0 && reported.length === 1 ? -ENOMEM : watch(fd, interest, generation);
  });
  const [fd, connect] = kernel.listener();
  const sock = new Socket(undefined, undefined, undefined, { fileno: fd });
  const served = new Recorder(loop);
  await loop.runUntilComplete(
    loop.createTask(async () => {
      const server = await loop.createServer(() => served, null, null, { sock });
      const peer = connect();
      await served.made;
      assert.equal(reported, [
        "socket.accept() out of system resource: EMFILE",
        "The listening socket cannot be watched: ENOMEM",
      ]);
      peer.close();
      await served.lost;
      server.close();
      await server.waitClosed();
    }),
  );
  loop.close();
  kernel.uninstall();
});

test("a connection that broke before it was accepted costs nobody anything", async () => {
  const script: Script = (operation, count) =>
    operation === "accept" && count % 2 === 0 ? { errno: ECONNABORTED } : null;
  await serving(script, async ({ loop, served, reported, connect }) => {
    for (let count = 0; count < 4; count++) connect();
    await until(loop, () => served.length === 4);
    assert.equal(reported, []);
  });
});

/** What may happen to a connection, in any order. */
type Event =
  | { kind: "peerSends" | "weWrite"; size: number }
  | { kind: "peerReads" | "peerEnds" | "peerCloses" | "peerResets" }
  | { kind: "weClose" | "weAbort" | "weEnd" | "wePause" | "weResume" | "turn" };

const EVENTS: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("peerSends" as const, "weWrite" as const),
    size: fc.integer({ min: 0, max: 9000 }),
  }),
  fc.record({ kind: fc.constantFrom("peerReads" as const, "peerEnds" as const, "peerCloses" as const) }),
  fc.record({ kind: fc.constantFrom("peerResets" as const) }),
  fc.record({ kind: fc.constantFrom("weClose" as const, "weAbort" as const, "weEnd" as const) }),
  fc.record({ kind: fc.constantFrom("wePause" as const, "weResume" as const, "turn" as const) }),
);

function happen(event: Event, transport: Transport, peer: ScriptedPeer): void {
  switch (event.kind) {
    case "peerSends":
      void peer.send(Buffer.alloc(event.size, "p"));
      break;
    case "weWrite":
      try {
        transport.write(Buffer.alloc(event.size, "w"));
      } catch (error) {
        assert.is((error as { code?: string }).code, "ERR_WRITE_AFTER_EOF");
      }
      break;
    case "peerReads":
      peer.read();
      break;
    case "peerEnds":
      peer.end();
      break;
    case "peerCloses":
      peer.close();
      break;
    case "peerResets":
      peer.reset();
      break;
    case "weClose":
      transport.close();
      break;
    case "weAbort":
      transport.abort();
      break;
    case "weEnd":
      transport.writeEof();
      break;
    case "wePause":
      transport.pauseReading();
      break;
    case "weResume":
      transport.resumeReading();
      break;
  }
}

test("whatever happens in whatever order, a connection has one end, and it is the last", async () => {
  const { warn } = console;
  console.warn = () => {};
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.array(EVENTS, { maxLength: 30 }),
        fc.integer({ min: 0, max: 2 ** 31 - 1 }),
        fc.boolean(),
        async (events, seed, keepsOpen) => {
          const arm = scriptedArm("random", () => confusion(seed));
          await arm.play(async ({ loop, connection, recorder }) => {
            const [sock, peer] = connection();
            const protocol = recorder();
            if (keepsOpen) keepOpen(protocol);
            const [transport] = await loop.createConnection(() => protocol, null, null, { sock });
            for (const event of events) {
              if (event.kind === "turn") await iteration(loop);
              else happen(event, transport, peer as ScriptedPeer);
            }
            transport.close();
            while (!protocol.lost.done()) {
              peer.read();
              await iteration(loop);
            }
            assert.is(sock.fileno(), -1);
          })();
        },
      ),
      { numRuns: 300 },
    );
  } finally {
    console.warn = warn;
  }
});

test("the selector is left with nothing to watch", async () => {
  const kernel = new ScriptedKernel();
  const loop = scriptedLoop(kernel);
  const selector = (loop._scheduler.driver as unknown as { selector: ScriptedSelector }).selector;
  const [fd, peer] = kernel.connection(10);
  const sock = new Socket(undefined, undefined, undefined, { fileno: fd });
  const protocol = new Recorder(loop);
  const [transport] = await loop.runUntilComplete(loop.createConnection(() => protocol, null, null, { sock }));
  transport.write(Buffer.alloc(100));
  loop.callSoon(() => loop.callSoon(() => loop.stop()));
  await loop.runForever();
  assert.is(selector.size, 1);
  peer.reset();
  await loop.runUntilComplete(protocol.lost);
  assert.is(selector.size, 0);
  loop.close();
  kernel.uninstall();
});

test.run();
