/**
 * What holds for a connection whatever the kernel does: each test on real sockets, on scripted ones that come in pieces,
 * are interrupted, are ready when they are not, and so forth, and in a virtual network. After each, `arms.ts` checks that `connectionLost` came once
 * and last.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Transport } from "../../../host/net/transport.js";
import type { BufferedProtocol, StreamProtocol } from "../../../host/protocols.js";
import { leakChecked } from "../../support/leaks.js";
import { VIRTUAL_ARMS } from "../virtual/virtual-arms.js";
import { ARMS, type ConnectedStage, iterations, type Peer, readAll, type Stage } from "./arms.js";
import { HalfOpenRecorder, iteration, type Recorder } from "./support.js";

const test = leakChecked(suite("transports in every arm"));

const DATA = Buffer.alloc(10_000, "some data that goes to and fro ");

/** A test in every arm. */
function everywhere(name: string, body: (stage: ConnectedStage) => Promise<void>): void {
  for (const arm of [...ARMS, ...VIRTUAL_ARMS]) test(`${name}; ${arm.name}`, arm.play(body));
}

/** A test in every arm that has sockets. */
function onSockets(name: string, body: (stage: Stage) => Promise<void>): void {
  for (const arm of ARMS) test(`${name}; ${arm.name}`, arm.play(body));
}

async function connect<P extends StreamProtocol = Recorder>(
  stage: ConnectedStage,
  protocol: P = stage.recorder() as unknown as P,
): Promise<{ transport: Transport; protocol: P; peer: Peer }> {
  const [transport, peer] = await stage.connect(protocol);
  return { transport, protocol, peer };
}

everywhere("what the peer sends arrives in order, and then its end", async (stage) => {
  const { protocol, peer, transport } = await connect(stage);
  await peer.send(DATA);
  peer.end();
  assert.is(await protocol.lost, null);
  assert.ok(protocol.received.equals(DATA));
  assert.equal(protocol.trace, ["CM", "DR", "ER", "CL"]);
  assert.ok(transport.isClosing());
  assert.is((await readAll(stage, peer)).length, 0);
  peer.close();
});

everywhere("what is written arrives in order, before close takes effect", async (stage) => {
  const { transport, protocol, peer } = await connect(stage);
  const pieces = [stage.tooMuch, Buffer.from("one"), Buffer.from("two"), DATA];
  for (const piece of pieces) transport.write(piece);
  transport.writeLines([Buffer.from("three"), Buffer.from("four")]);
  transport.close();
  const received = await readAll(stage, peer);
  assert.ok(received.equals(Buffer.concat([...pieces, Buffer.from("threefour")])));
  assert.is(await protocol.lost, null);
  peer.close();
});

everywhere("an echo with flow control loses nothing", async (stage) => {
  const { transport, protocol, peer } = await connect(stage);
  const note = protocol.dataReceived.bind(protocol);
  protocol.dataReceived = (data) => {
    note(data);
    transport.write(data);
  };
  protocol.pauseWriting = () => transport.pauseReading();
  protocol.resumeWriting = () => transport.resumeReading();
  transport.setWriteBufferLimits({ high: 100 });
  const sent = Buffer.concat([DATA, DATA, DATA]);
  const [received] = await Promise.all([readAll(stage, peer, sent.length), peer.send(sent)]);
  peer.end();
  assert.is(await protocol.lost, null);
  assert.ok(received.equals(sent));
  peer.close();
});

everywhere("pauseWriting and resumeWriting take turns", async (stage) => {
  const { transport, protocol, peer } = await connect(stage);
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

everywhere("nothing is received while paused", async (stage) => {
  const { transport, protocol, peer } = await connect(stage);
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

everywhere("abort drops what was not sent, before and after close", async (stage) => {
  for (const closeFirst of [false, true]) {
    const { transport, protocol, peer } = await connect(stage);
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

everywhere("writeEof ends what the peer receives, after what was written, and not what it sends", async (stage) => {
  const protocol = stage.recorder();
  const { transport, peer } = await connect(stage, protocol);
  transport.write(stage.tooMuch);
  transport.writeEof();
  transport.writeEof();
  assert.is((await readAll(stage, peer)).length, stage.tooMuch.length);
  await peer.send(Buffer.from("still here"));
  await protocol.gets(10);
  peer.end();
  assert.is(await protocol.lost, null);
  assert.is(protocol.text, "still here");
  peer.close();
});

everywhere("a protocol that keeps the connection open at the end of the stream goes on sending", async (stage) => {
  const protocol = new HalfOpenRecorder(stage.loop);
  const { transport, peer } = await connect(stage, protocol);
  peer.end();
  await protocol.eof;
  await iterations(stage, 5);
  transport.write(DATA);
  assert.ok((await readAll(stage, peer, DATA.length)).equals(DATA));
  assert.equal(protocol.trace, ["CM", "ER"]);
  transport.close();
  assert.is(await protocol.lost, null);
  assert.equal(protocol.trace, ["CM", "ER", "CL"]);
  peer.close();
});

everywhere("a connection that breaks is lost with its error", async (stage) => {
  for (const pending of [false, true]) {
    const { transport, protocol, peer } = await connect(stage);
    transport.write(pending ? stage.tooMuch : Buffer.from("unread"));
    await iterations(stage, 5);
    peer.reset();
    const error = (await protocol.lost) as NodeJS.ErrnoException;
    assert.ok(["ECONNRESET", "EPIPE"].includes(String(error?.code)), String(error));
    transport.write(Buffer.from("dropped"));
    transport.close();
    transport.abort();
    assert.is(transport.getWriteBufferSize(), 0);
  }
});

everywhere("a peer that goes while something is to be written is an error", async (stage) => {
  const { transport, protocol, peer } = await connect(stage);
  protocol.eofReceived = () => true;
  transport.write(stage.tooMuch);
  peer.close();
  const error = (await protocol.lost) as NodeJS.ErrnoException;
  assert.ok(["ECONNRESET", "EPIPE"].includes(String(error?.code)), String(error));
});

/** What a callback may do to the transport. */
const DEEDS: Record<string, (transport: Transport) => void> = {
  close: (transport) => transport.close(),
  abort: (transport) => transport.abort(),
  "write and close": (transport) => {
    transport.write(Buffer.from("farewell"));
    transport.close();
  },
  "close and abort": (transport) => {
    transport.close();
    transport.abort();
  },
  throw: () => {
    throw new Error("on purpose");
  },
};

for (const callback of ["connectionMade", "dataReceived", "eofReceived", "pauseWriting", "resumeWriting"] as const) {
  everywhere(`${callback} may close, abort, write and throw`, async (stage) => {
    for (const [deed, act] of Object.entries(DEEDS)) {
      const protocol = stage.recorder();
      const note = (protocol[callback] as (...args: unknown[]) => void).bind(protocol);
      let acted = false;
      protocol[callback] = (...args: unknown[]): undefined => {
        note(...args);
        if (acted) return;
        acted = true;
        act(protocol.transport);
      };
      const { transport, peer } = await connect(stage, protocol);
      if (callback === "pauseWriting" || callback === "resumeWriting") {
        transport.setWriteBufferLimits({ high: 10 });
        transport.write(stage.tooMuch);
      }
      await peer.send(Buffer.from("data"));
      peer.end();
      await readAll(stage, peer);
      const error = await protocol.lost;
      assert.ok(acted, deed);
      if (deed === "throw") assert.match(String(stage.reported.shift()?.exception), "on purpose");
      const isFatal = deed === "throw" && (callback === "dataReceived" || callback === "eofReceived");
      assert.is(error?.message, isFatal ? "on purpose" : undefined);
      peer.close();
    }
  });
}

everywhere("a BufferedProtocol gets all of it through a small buffer", async (stage) => {
  const lost = stage.loop.createFuture<Error | null>();
  const buffer = Buffer.alloc(7);
  const pieces: Buffer[] = [];
  const protocol: BufferedProtocol = {
    getBuffer: () => buffer,
    bufferUpdated: (size) => pieces.push(Buffer.from(buffer.subarray(0, size))),
    connectionLost: (error) => lost.setResult(error),
  };
  const { peer } = await connect(stage, protocol);
  await peer.send(DATA);
  peer.end();
  assert.is(await lost, null);
  assert.ok(Buffer.concat(pieces).equals(DATA));
  peer.close();
});

everywhere("setProtocol hands over in the middle, and nothing is lost in between", async (stage) => {
  const { transport, protocol, peer } = await connect(stage);
  const second = stage.recorder();
  const note = protocol.dataReceived.bind(protocol);
  protocol.dataReceived = (data) => {
    note(data);
    if (protocol.received.length < 5) return;
    transport.setProtocol(second);
    second.connectionMade(transport);
    protocol.connectionLost(null);
  };
  await peer.send(DATA);
  peer.end();
  assert.is(await second.lost, null);
  assert.ok(Buffer.concat([protocol.received, second.received]).equals(DATA));
  peer.close();
});

onSockets("cancelling createConnection closes the socket after connectionMade and connectionLost", async (stage) => {
  const { loop } = stage;
  const [sock, peer] = stage.connection();
  const protocol = stage.recorder();
  assert.ok(loop.createConnection(() => protocol, null, null, { sock }).cancel());
  assert.is(await protocol.lost, null);
  assert.equal(protocol.trace, ["CM", "CL"]);
  assert.is((await readAll(stage, peer)).length, 0);
  peer.close();
});

onSockets("sockRecv and sockSendall move all of it", async (stage) => {
  const { loop } = stage;
  const [sock, peer] = stage.connection();
  const sending = loop.sockSendall(sock, stage.tooMuch);
  assert.ok((await readAll(stage, peer, stage.tooMuch.length)).equals(stage.tooMuch));
  await sending;
  const chunks: Buffer[] = [];
  await peer.send(DATA);
  peer.end();
  for (;;) {
    const chunk = await loop.sockRecv(sock, 1000);
    if (chunk.length === 0) break;
    chunks.push(chunk);
  }
  assert.ok(Buffer.concat(chunks).equals(DATA));
  sock.close();
  peer.close();
});

test.run();
