import { readdirSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AF_INET, AF_INET6, IPPROTO_TCP, SOCK_STREAM } from "../../../host/constants.js";
import { CancelledError } from "../../../host/errors.js";
import { Operation, type Work } from "../../../host/futures/operation.js";
import { sleepOn } from "../../../host/futures/sleep.js";
import { VirtualEventLoop } from "../../../host/loop/virtual-event-loop.js";
import { interleaveFamilies, race } from "../../../host/net/happy-eyeballs.js";
import type { AddressInfo } from "../../../host/net/resolve.js";
import { Socket } from "../../../host/net/socket.js";
import { leakChecked } from "../../support/leaks.js";
import { closeAll } from "../../support/sockets.js";
import { iteration, onLoop, portIn, Recorder, rejectionOf } from "./support.js";

const test = leakChecked(suite("Happy Eyeballs"));

const DELAY_SECONDS = 10;

function info(host: string): AddressInfo {
  const family = host.includes(":") ? AF_INET6 : AF_INET;
  return { family, type: SOCK_STREAM, proto: IPPROTO_TCP, canonname: "", address: { host, port: 1 } };
}

/** What an attempt comes to, and after how long. */
interface Plan {
  readonly seconds: number;
  readonly error?: string;
}

/** Races in virtual time, to the end or until it is cancelled; answers what happened when. */
async function play(plans: Record<string, Plan>, cancelAfter?: number): Promise<string[]> {
  const loop = new VirtualEventLoop();
  const begun = loop.time();
  const trace: string[] = [];
  const note = (text: string): unknown => trace.push(`${Math.round(loop.time() - begun)}: ${text}`);
  function* attempt({ address: { host } }: AddressInfo): Work<Socket> {
    const { seconds, error } = plans[host] as Plan;
    note(`${host} begins`);
    try {
      if (seconds > 0) yield* sleepOn(loop, loop._scheduler, seconds, undefined);
    } catch (cancelled) {
      note(`${host} is cancelled`);
      throw cancelled;
    }
    if (error !== undefined) throw new Error(error);
    return { host, _close: () => note(`${host} is closed`) } as unknown as Socket;
  }
  const racing = new Operation(loop, race(loop, Object.keys(plans).map(info), DELAY_SECONDS, attempt));
  // What sleeps as long has gone on by then, but nobody has heard of it.
  if (cancelAfter !== undefined) loop.callLater(cancelAfter, () => loop.callSoon(() => racing.cancel()));
  try {
    note(`${((await loop.runUntilComplete(racing)) as unknown as { host: string }).host} has won`);
  } catch (error) {
    if (error instanceof CancelledError) note("cancelled");
    else note((error as AggregateError).errors.map(({ message }) => message).join(", "));
  }
  assert.is(loop._scheduler.core.timerCount(), 0, "a timer is left");
  loop.close();
  return trace;
}

test("families take turns, in the order in which they appear", () => {
  const turns = (hosts: string[], count: number): string[] =>
    interleaveFamilies(hosts.map(info), count).map(({ address }) => address.host);
  assert.equal(turns(["::1", "::2", "::3", "1", "2"], 1), ["::1", "1", "::2", "2", "::3"]);
  assert.equal(turns(["1", "::1", "2", "3", "::2"], 1), ["1", "::1", "2", "::2", "3"]);
  assert.equal(turns(["::1", "::2", "::3", "1", "2"], 2), ["::1", "::2", "1", "::3", "2"]);
  assert.equal(turns(["::1", "1"], 9), ["::1", "1"]);
  assert.equal(turns(["1", "2"], 1), ["1", "2"]);
  assert.equal(turns([], 1), []);
});

test("the first to connect wins, and the others are cancelled before anything else happens", async () => {
  assert.equal(await play({ a: { seconds: 25 }, b: { seconds: 5 }, c: { seconds: 99 } }), [
    "0: a begins",
    "10: b begins",
    "15: a is cancelled",
    "15: b has won",
  ]);
});

test("an attempt that fails lets the next one begin at once, and that has its full time again", async () => {
  assert.equal(await play({ a: { seconds: 4, error: "x" }, b: { seconds: 99 }, c: { seconds: 1 } }), [
    "0: a begins",
    "4: b begins",
    "14: c begins",
    "15: b is cancelled",
    "15: c has won",
  ]);
});

test("only the latest attempt lets the next one begin when it fails", async () => {
  assert.equal(await play({ a: { seconds: 12, error: "x" }, b: { seconds: 99 }, c: { seconds: 1 } }), [
    "0: a begins",
    "10: b begins",
    "20: c begins",
    "21: b is cancelled",
    "21: c has won",
  ]);
});

test("one that connects at once leaves nothing to the others", async () => {
  assert.equal(await play({ a: { seconds: 0 }, b: { seconds: 0 } }), ["0: a begins", "0: a has won"]);
});

test("of two that connect in the same iteration the second is closed", async () => {
  assert.equal(await play({ a: { seconds: 15 }, b: { seconds: 5 } }), [
    "0: a begins",
    "10: b begins",
    "15: b is closed",
    "15: a has won",
  ]);
});

test("when all have failed, their errors come in the order of the addresses", async () => {
  assert.equal(
    await play({ a: { seconds: 30, error: "x" }, b: { seconds: 1, error: "y" }, c: { seconds: 0, error: "z" } }),
    ["0: a begins", "10: b begins", "11: c begins", "30: x, y, z"],
  );
});

test("without addresses there is nothing to race", async () => {
  assert.equal(await play({}), ["0: "]);
});

test("cancelling it cancels every attempt, also one that has just connected", async () => {
  assert.equal(await play({ a: { seconds: 99 }, b: { seconds: 99 } }, 15), [
    "0: a begins",
    "10: b begins",
    "15: a is cancelled",
    "15: b is cancelled",
    "15: cancelled",
  ]);
  assert.equal(await play({ a: { seconds: 5 } }, 5), ["0: a begins", "5: a is closed", "5: cancelled"]);
});

/** A server on ::1 that does not get round to anybody, and one on the same port of 127.0.0.1 that does. */
function twoServers(): { port: number; patient: Socket; close(): void } {
  const [deaf, patient] = boundToOnePort();
  deaf.listen(0);
  const port = portIn(deaf.getsockname());
  const fillers = Array.from({ length: 4 }, () => {
    const socket = new Socket(AF_INET6);
    socket.connectEx({ host: "::1", port });
    return socket;
  });
  patient.listen();
  return { port, patient, close: () => closeAll(deaf, patient, ...fillers) };
}

/** A port that is free of one family may be taken of the other: then another is tried. */
function boundToOnePort(): [six: Socket, four: Socket] {
  for (;;) {
    const six = new Socket(AF_INET6);
    const four = new Socket();
    six.bind({ host: "::1", port: 0 });
    try {
      four.bind({ host: "127.0.0.1", port: portIn(six.getsockname()) });
      return [six, four];
    } catch (error) {
      closeAll(six, four);
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
}

test(
  "a host whose IPv6 address is silent is reached over IPv4",
  onLoop(async ({ loop }) => {
    const { port, patient, close } = twoServers();
    const before = readdirSync("/proc/self/fd").length;
    const options = { happyEyeballsDelay: 0.01 };
    const [transport, protocol] = await loop.createConnection(() => new Recorder(loop), null, port, options);
    assert.equal(transport.getExtraInfo("peername"), { host: "127.0.0.1", port });
    assert.is(readdirSync("/proc/self/fd").length, before + 1, "the silent socket is closed");
    patient.accept()[0].close();
    await protocol.lost;
    close();
  }),
);

test(
  "a host whose IPv6 address refuses is reached over IPv4 without a delay",
  onLoop(async ({ loop }) => {
    const patient = new Socket();
    patient.bind({ host: "127.0.0.1", port: 0 });
    patient.listen();
    const port = portIn(patient.getsockname());
    const options = { happyEyeballsDelay: 3600 };
    const [transport, protocol] = await loop.createConnection(() => new Recorder(loop), null, port, options);
    assert.equal(transport.getExtraInfo("peername"), { host: "127.0.0.1", port });
    transport.abort();
    await protocol.lost;
    patient.close();
  }),
);

test(
  "cancelling while one address is silent and another one is tried closes both at once",
  onLoop(async ({ loop }) => {
    const { port, close } = twoServers();
    const before = readdirSync("/proc/self/fd").length;
    const connecting = loop.createConnection(() => new Recorder(loop), null, port, { happyEyeballsDelay: 0 });
    while (readdirSync("/proc/self/fd").length < before + 2) await iteration(loop);
    assert.ok(connecting.cancel());
    assert.is(readdirSync("/proc/self/fd").length, before);
    assert.is((await rejectionOf(connecting)).code, "ERR_CANCELLED");
    close();
  }),
);

test.run();
