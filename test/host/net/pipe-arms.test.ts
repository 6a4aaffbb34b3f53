/**
 * What holds for transports of pipes whatever the kernel does: each test on real pipes, and on scripted ones. After each,
 * `arms.ts` checks that `connectionLost` came once and last.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ReadTransport, WriteTransport } from "../../../host/net/transport-kinds.js";
import type { BufferedProtocol } from "../../../host/protocols.js";
import { leakChecked } from "../../support/leaks.js";
import { ARMS, iterations, type Peer, readAll, type Stage } from "./arms.js";
import { iteration, type Recorder } from "./support.js";

const test = leakChecked(suite("pipes in every arm"));

const DATA = Buffer.alloc(10_000, "some data that goes through a pipe ");

/** A test in every arm that has a pipe of its own. */
function everywhere(name: string, body: (stage: Stage) => Promise<void>): void {
  for (const arm of ARMS) if (arm.name !== "TCP") test(`${name}; ${arm.name}`, arm.play(body));
}

async function reading(
  { loop, source, recorder }: Stage,
  protocol = recorder(),
): Promise<{ transport: ReadTransport; protocol: Recorder; peer: Peer }> {
  const [end, peer] = source();
  const [transport] = await loop.connectReadPipe(() => protocol, end);
  return { transport, protocol, peer };
}

async function writing(
  { loop, sink, recorder }: Stage,
  protocol = recorder(),
): Promise<{ transport: WriteTransport; protocol: Recorder; peer: Peer }> {
  const [end, peer] = sink();
  const [transport] = await loop.connectWritePipe(() => protocol, end);
  return { transport, protocol, peer };
}

everywhere("what is sent arrives in order, and then the end", async (stage) => {
  const { protocol, peer, transport } = await reading(stage);
  await peer.send(DATA);
  peer.end();
  assert.is(await protocol.lost, null);
  assert.ok(protocol.received.equals(DATA));
  assert.equal(protocol.trace, ["CM", "DR", "ER", "CL"]);
  assert.ok(transport.isClosing());
  peer.close();
});

everywhere("nothing is read while paused", async (stage) => {
  const { transport, protocol, peer } = await reading(stage);
  transport.pauseReading();
  await peer.send(Buffer.from("later"));
  peer.end();
  await iterations(stage, 10);
  assert.equal(protocol.trace, ["CM"]);
  transport.resumeReading();
  assert.is(await protocol.lost, null);
  assert.is(protocol.text, "later");
  peer.close();
});

everywhere("a BufferedProtocol gets all of it through a small buffer", async (stage) => {
  const { loop, source } = stage;
  const lost = loop.createFuture<Error | null>();
  const buffer = Buffer.alloc(7);
  const pieces: Buffer[] = [];
  const protocol: BufferedProtocol = {
    getBuffer: () => buffer,
    bufferUpdated: (size) => pieces.push(Buffer.from(buffer.subarray(0, size))),
    connectionLost: (error) => lost.setResult(error),
  };
  const [end, peer] = source();
  await loop.connectReadPipe(() => protocol, end);
  await peer.send(DATA);
  peer.end();
  assert.is(await lost, null);
  assert.ok(Buffer.concat(pieces).equals(DATA));
  peer.close();
});

for (const callback of ["connectionMade", "dataReceived", "eofReceived"] as const) {
  everywhere(`reading: ${callback} may close and throw`, async (stage) => {
    for (const throws of [false, true]) {
      const protocol = stage.recorder();
      const note = (protocol[callback] as (...args: unknown[]) => void).bind(protocol);
      let acted = false;
      protocol[callback] = (...args: unknown[]): undefined => {
        note(...args);
        if (acted) return;
        acted = true;
        if (throws) throw new Error("on purpose");
        protocol.transport.close();
      };
      const { peer } = await reading(stage, protocol);
      if (callback !== "connectionMade") await peer.send(Buffer.from("data"));
      await iterations(stage, 3);
      peer.end();
      const error = await protocol.lost;
      assert.ok(acted);
      if (throws) assert.match(String(stage.reported.shift()?.exception), "on purpose");
      assert.is(error?.message, throws && callback === "dataReceived" ? "on purpose" : undefined);
      peer.close();
    }
  });
}

everywhere("what is written arrives in order, before close takes effect", async (stage) => {
  const { transport, protocol, peer } = await writing(stage);
  const pieces = [stage.tooMuch, Buffer.from("one"), Buffer.from("two"), DATA];
  for (const piece of pieces) transport.write(piece);
  transport.writeLines([Buffer.from("three"), Buffer.from("four")]);
  transport.close();
  const received = await readAll(stage, peer);
  assert.ok(received.equals(Buffer.concat([...pieces, Buffer.from("threefour")])));
  assert.is(await protocol.lost, null);
  peer.close();
});

everywhere("pauseWriting and resumeWriting take turns", async (stage) => {
  const { transport, protocol, peer } = await writing(stage);
  transport.setWriteBufferLimits({ high: 1000, low: 10 });
  for (let round = 0; round < 3; round++) {
    transport.write(stage.tooMuch);
    assert.is(protocol.trace.at(-1), "PW");
    await readAll(stage, peer, stage.tooMuch.length);
    while (transport.getWriteBufferSize() > 0) await iteration(stage.loop);
    assert.is(protocol.trace.at(-1), "RW");
  }
  transport.close();
  assert.is(await protocol.lost, null);
  assert.equal(protocol.trace.join(), "CM,PW,RW,PW,RW,PW,RW,CL");
  peer.close();
});

everywhere("abort drops what was not written, before and after close", async (stage) => {
  for (const closeFirst of [false, true]) {
    const { transport, protocol, peer } = await writing(stage);
    transport.write(stage.tooMuch);
    if (closeFirst) transport.close();
    transport.abort();
    transport.close();
    transport.abort();
    assert.is(await protocol.lost, null);
    assert.ok((await readAll(stage, peer)).length < stage.tooMuch.length);
    peer.close();
  }
});

everywhere("a reader that goes is an error if something is still to be written, and else none", async (stage) => {
  for (const [pending, closing] of [
    [false, false],
    [true, false],
    [true, true],
  ]) {
    const { transport, protocol, peer } = await writing(stage);
    transport.write(pending ? stage.tooMuch : Buffer.from("x"));
    if (closing) transport.close();
    await iterations(stage, 3);
    if (!pending) peer.read();
    peer.close();
    const error = (await protocol.lost) as NodeJS.ErrnoException | null;
    assert.is(error?.code, pending ? "EPIPE" : undefined);
    transport.write(Buffer.from("dropped"));
    assert.is(transport.getWriteBufferSize(), 0);
  }
});

for (const callback of ["connectionMade", "pauseWriting", "resumeWriting"] as const) {
  everywhere(`writing: ${callback} may close, abort, write and throw`, async (stage) => {
    for (const deed of ["close", "abort", "write", "throw"] as const) {
      const protocol = stage.recorder();
      const note = (protocol[callback] as (...args: unknown[]) => void).bind(protocol);
      let acted = false;
      protocol[callback] = (...args: unknown[]): undefined => {
        note(...args);
        if (acted) return;
        acted = true;
        if (deed === "throw") throw new Error("on purpose");
        if (deed === "write") {
          protocol.transport.write(Buffer.from("farewell"));
          protocol.transport.close();
        } else protocol.transport[deed]();
      };
      const { transport, peer } = await writing(stage, protocol);
      transport.setWriteBufferLimits({ high: 10 });
      transport.write(stage.tooMuch);
      const first = callback === "resumeWriting" ? stage.tooMuch.length : 0;
      const chunks = [await readAll(stage, peer, first)];
      if (deed === "throw") transport.close();
      chunks.push(await readAll(stage, peer));
      assert.is(await protocol.lost, null);
      assert.ok(acted);
      if (deed === "throw") assert.match(String(stage.reported.shift()?.exception), "on purpose");
      if (deed === "write") assert.is(Buffer.concat(chunks).subarray(-8).toString(), "farewell");
      peer.close();
    }
  });
}

everywhere("cancelling the call closes the pipe after connectionMade and connectionLost", async (stage) => {
  const { loop } = stage;
  for (const side of ["read", "write"]) {
    const [end, peer] = side === "read" ? stage.source() : stage.sink();
    const protocol = stage.recorder();
    const calling =
      side === "read" ? loop.connectReadPipe(() => protocol, end) : loop.connectWritePipe(() => protocol, end);
    assert.ok(calling.cancel());
    assert.is(await protocol.lost, null);
    assert.equal(protocol.trace, ["CM", "CL"]);
    assert.ok(end.closed);
    peer.close();
  }
});

test.run();
