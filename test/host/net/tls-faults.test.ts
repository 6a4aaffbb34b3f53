/**
 * TLS on a scripted kernel, both ends of it: whatever a kernel does to the calls of either end, in the middle of the
 * handshake, of the data or of the end, both protocols come to an end once, and nothing stays open, watched or pending.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { EventLoop } from "../../../host/loop/event-loop.js";
import { Socket } from "../../../host/net/socket.js";
import { SSLContext } from "../../../host/net/ssl-context.js";
import type { Transport } from "../../../host/net/transport.js";
import { WatchHandle } from "../../../host/scheduler/handle.js";
import { EAGAIN, ECONNRESET, EINTR, EPIPE } from "../../../host/sys/errno.js";
import { Authority } from "../../support/certificates.js";
import { confusion, everyOther, inPieces, once } from "../../support/fake-selector/faults.js";
import { type Script, ScriptedKernel } from "../../support/fake-selector/scripted-kernel.js";
import type { Telling } from "../../support/fake-selector/scripted-selector.js";
import { leakChecked } from "../../support/leaks.js";
import { assertSoundLife, scriptedLoop } from "./arms.js";
import { Recorder } from "./support.js";

const test = leakChecked(suite("TLS faults"));

const authority = new Authority();
const local = authority.sign("localhost", "DNS:localhost");
const trusting = new SSLContext({ ca: authority.cert });
const serving = new SSLContext({ cert: local.cert, key: local.key });

const CAPACITY_BYTES = 4096;
/** More than fits into the connection, and more than one record. */
const MUCH = Buffer.alloc(40_000, "much of it ");
const TOO_LATE = ["ECONNRESET", "EPIPE", "ECONNABORTED", "ETIMEDOUT"];

/** What came of a conversation. */
interface Outcome {
  calls: number;
  /** How many calls had been made when both hands were shaken; 0 if they never were. */
  shaken: number;
  client: Recorder;
  server: Recorder;
}

/** Sends back what comes. */
class Echo extends Recorder {
  override dataReceived(data: Buffer): void {
    super.dataReceived(data);
    this.transport.write(data);
  }
}

/** A client that connects, sends a lot, gets it back and closes, and checks what holds whatever the script does. */
async function talk(script: Script, telling: Telling = {}): Promise<Outcome> {
  const kernel = new ScriptedKernel(script);
  const loop = scriptedLoop(kernel, telling, { besideNode: true });
  const reported: string[] = [];
  loop.setExceptionHandler((_loop, { message, exception }) => reported.push(`${message}: ${exception}`));
  const [near, far] = kernel.pair(CAPACITY_BYTES).map((fileno) => socketOf(fileno)) as [Socket, Socket];
  const outcome: Outcome = { calls: 0, shaken: 0, client: new Recorder(loop), server: new Echo(loop) };
  try {
    await loop.runUntilComplete(loop.createTask(() => converse(loop, kernel, [near, far], outcome)));
    assert.equal(reported, [], "the loop was told of errors");
    assert.equal([near.fileno(), far.fileno()], [-1, -1], "both are closed");
    const left = [...loop._scheduler.entries()].filter((entry) => entry instanceof WatchHandle);
    assert.equal(left.map(String), [], "something is still watched");
  } finally {
    outcome.calls = kernel.calls;
    loop.close();
    near.close();
    far.close();
    kernel.uninstall();
  }
  return outcome;
}

function socketOf(fileno: number): Socket {
  return new Socket(undefined, undefined, undefined, { fileno });
}

async function converse(
  loop: EventLoop,
  kernel: ScriptedKernel,
  [near, far]: [Socket, Socket],
  outcome: Outcome,
): Promise<void> {
  const { client, server } = outcome;
  const [connected, accepted] = await Promise.allSettled([
    loop.createConnection(() => client, null, null, { sock: near, ssl: trusting, serverHostname: "localhost" }),
    loop.connectAcceptedSocket(() => server, far, { ssl: serving }),
  ]);
  if (connected.status === "fulfilled" && accepted.status === "fulfilled") outcome.shaken = kernel.calls;
  if (connected.status === "fulfilled") await exchange(connected.value[0], client);
  for (const [side, protocol] of [
    [connected, client],
    [accepted, server],
  ] as const) {
    if (side.status === "rejected") {
      assert.equal(protocol.trace, [], "who could not connect hears of nothing");
      assert.ok(TOO_LATE.includes(String(side.reason.code)), String(side.reason));
      continue;
    }
    const error = (await protocol.lost) as NodeJS.ErrnoException | null;
    assert.ok(error === null || TOO_LATE.includes(String(error.code)), `told of what the kernel said, not of ${error}`);
    assertSoundLife(protocol.trace);
  }
}

async function exchange(transport: Transport, client: Recorder): Promise<void> {
  transport.write(Buffer.from("hello"));
  transport.write(MUCH);
  await Promise.race([client.gets(5 + MUCH.length), client.lost]);
  transport.close();
}

for (const [name, script, telling] of [
  ["no faults", () => () => null, {}],
  ["a hundred bytes at a time", () => inPieces(100), {}],
  ["EINTR at every other call", () => everyOther(EINTR), {}],
  ["EAGAIN at every other call", () => everyOther(EAGAIN), {}],
  ["readiness that is not there", () => () => null, { spurious: true }],
  ["events in reverse", () => inPieces(1000), { reversed: true }],
  ...[1, 2, 3].map((seed) => [`confusion ${seed}`, () => confusion(seed), {}] as const),
] as const) {
  test(`a conversation over TLS is whole with ${name}`, async () => {
    const { client, server } = await talk(script(), telling);
    const sent = Buffer.concat([Buffer.from("hello"), MUCH]);
    for (const { received, lost } of [client, server]) {
      assert.ok(received.equals(sent), `${received.length} bytes`);
      assert.is(await lost, null);
    }
  });
}

for (const [code, errno] of [
  ["ECONNRESET", ECONNRESET],
  ["EPIPE", EPIPE],
] as const) {
  test(`${code} at any call, from the handshake to the end, ends both sides once`, async () => {
    const { calls, shaken } = await talk(() => null);
    assert.ok(shaken >= 6, `${shaken} calls for the handshake`);
    assert.ok(calls > shaken + 20, `${calls} calls`);
    for (let at = 0; at < calls; at++) await talk(once(at, { errno }));
  });
}

test.run();
