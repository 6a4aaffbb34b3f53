/**
 * Files on connections whatever the kernel does: each test on real sockets, and on scripted ones that take a file in pieces, are
 * interrupted, are ready when they are not; and each call that sends a file fails once with each error. After each,
 * `arms.ts` checks that `connectionLost` came once and last.
 */
import { closeSync, openSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Transport } from "../../../host/net/transport.js";
import { ECONNRESET, ENOBUFS, EPIPE } from "../../../host/sys/errno.js";
import { once } from "../../support/fake-selector/faults.js";
import { leakChecked } from "../../support/leaks.js";
import { ARMS, iterations, type Peer, readAll, type Stage, scriptedArm } from "./arms.js";
import { type Recorder, rejectionOf } from "./support.js";

const test = leakChecked(suite("files in every arm"));

const BEFORE = Buffer.from("before ");
const AFTER = Buffer.from(" after");
const EIO = 5;
/** How many calls a scripted connection needs for a file: it holds a third of one. */
const CALLS = 3;

interface FileStage extends Stage {
  /** A file of more than a connection holds that nobody reads from. */
  readonly file: number;
  readonly content: Buffer;
}

/** The body of a test with a file. */
function withFile(body: (stage: FileStage) => Promise<void>): (stage: Stage) => Promise<void> {
  return async (stage) => {
    const path = join(tmpdir(), `wasyncio-sendfile-${process.pid}`);
    writeFileSync(path, stage.tooMuch);
    const file = openSync(path, "r");
    unlinkSync(path);
    try {
      await body({ ...stage, file, content: stage.tooMuch });
    } finally {
      closeSync(file);
    }
  };
}

function everywhere(name: string, body: (stage: FileStage) => Promise<void>): void {
  for (const arm of ARMS) test(`${name}; ${arm.name}`, arm.play(withFile(body)));
}

async function connect({ loop, connection, recorder }: Stage): Promise<{
  transport: Transport;
  protocol: Recorder;
  peer: Peer;
}> {
  const protocol = recorder();
  const [sock, peer] = connection();
  const [transport] = await loop.createConnection(() => protocol, null, null, { sock });
  return { transport, protocol, peer };
}

/** Waits until a slow peer has taken some of a file. */
async function someIsSent(stage: Stage, peer: Peer): Promise<void> {
  while (peer.read().length === 0) await iterations(stage, 1);
}

everywhere("a file comes after what was written before it, and before what is written after it", async (stage) => {
  const { transport, protocol, peer } = await connect(stage);
  transport.write(BEFORE);
  const size = BEFORE.length + stage.content.length;
  const [sent, received] = await Promise.all([stage.loop.sendfile(transport, stage.file), readAll(stage, peer, size)]);
  assert.is(sent, stage.content.length);
  assert.ok(received.equals(Buffer.concat([BEFORE, stage.content])));
  transport.write(AFTER);
  transport.close();
  assert.ok((await readAll(stage, peer)).equals(AFTER));
  assert.is(await protocol.lost, null);
  peer.close();
});

everywhere("a part of a file, and what the peer sends meanwhile is received afterwards", async (stage) => {
  const { transport, protocol, peer } = await connect(stage);
  const sending = stage.loop.sendfile(transport, stage.file, 1000, 2000);
  await peer.send(Buffer.from("meanwhile"));
  const received = await readAll(stage, peer, 2000);
  assert.is(await sending, 2000);
  assert.ok(received.equals(stage.content.subarray(1000, 3000)));
  await protocol.gets(9);
  assert.is(protocol.text, "meanwhile");
  transport.close();
  assert.is(await protocol.lost, null);
  peer.close();
});

everywhere("writeEof and close wait for a file", async (stage) => {
  for (const end of ["writeEof", "close"] as const) {
    const { transport, protocol, peer } = await connect(stage);
    const sending = stage.loop.sendfile(transport, stage.file);
    await iterations(stage, 1);
    transport[end]();
    const received = await readAll(stage, peer);
    assert.is(await sending, stage.content.length);
    assert.ok(received.equals(stage.content), end);
    peer.end();
    assert.is(await protocol.lost, null);
    peer.close();
  }
});

everywhere("a connection that is aborted or broken sends no more of a file", async (stage) => {
  for (const [end, codes] of [
    ["abort", ["ERR_SOCKET_CLOSED"]],
    ["reset", ["ECONNRESET", "EPIPE"]],
  ] as const) {
    const { transport, protocol, peer } = await connect(stage);
    const sending = rejectionOf(stage.loop.sendfile(transport, stage.file));
    await someIsSent(stage, peer);
    await iterations(stage, 5);
    if (end === "abort") transport.abort();
    else peer.reset();
    const { code } = await sending;
    assert.ok((codes as readonly unknown[]).includes(code), `${end}: ${code}`);
    transport.abort();
    await protocol.lost;
    peer.close();
  }
});

everywhere("sockSendfile sends all of a file, and as much of it as it is told", async ({ loop, ...stage }) => {
  const [sock, peer] = stage.connection();
  for (const [offset, count] of [
    [0, null],
    [1, 2],
    [stage.content.length - 3, 10],
  ] as const) {
    const sending = loop.sockSendfile(sock, stage.file, offset, count);
    const expected = stage.content.subarray(offset, count === null ? undefined : offset + count);
    assert.ok((await readAll({ loop, ...stage }, peer, expected.length)).equals(expected));
    assert.is(await sending, expected.length);
  }
  sock.close();
  peer.close();
});

for (const [errno, code] of [
  [ECONNRESET, "ECONNRESET"],
  [EPIPE, "EPIPE"],
  [ENOBUFS, "ENOBUFS"],
  [EIO, "EIO"],
] as const) {
  test(`each call that sends a file fails with ${code}`, async () => {
    for (let at = 0; ; at++) {
      let calls = 0;
      const arm = scriptedArm("faults", () => (operation, count) => {
        calls = count + 1;
        return once(at, { errno })(operation, count);
      });
      await arm.play(
        withFile(async (stage) => {
          const [sock, peer] = stage.connection();
          const sending = stage.loop.sockSendfile(sock, stage.file);
          const reading = readAll(stage, peer, stage.content.length);
          if (at < CALLS) assert.is((await rejectionOf(sending)).code, code, `at call ${at}`);
          else assert.is(await sending, stage.content.length);
          sock.close();
          await reading;
          peer.close();
        }),
      )();
      if (calls <= at) return;
    }
  });
}

test.run();
