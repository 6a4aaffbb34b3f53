/**
 * What holds for an endpoint for datagrams whatever the kernel does: each test on real sockets, and on those whose calls
 * fail by a script. After each, `arms.ts` checks that `connectionLost` came once and last.
 */
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AF_UNIX, SO_SNDBUF, SOL_SOCKET } from "../../../host/constants.js";
import { sleepOn } from "../../../host/futures/sleep.js";
import type { Address } from "../../../host/net/address.js";
import type { DatagramTransport } from "../../../host/net/datagram-transport.js";
import { TimerHandle } from "../../../host/scheduler/handle.js";
import { EAGAIN, ECONNREFUSED, EIO, EMSGSIZE, ENOBUFS, ENOMEM, EPERM } from "../../../host/sys/errno.js";
import { confusion, once } from "../../support/fake-selector/faults.js";
import type { Script } from "../../support/fake-selector/scripted-kernel.js";
import { leakChecked } from "../../support/leaks.js";
import { DATAGRAM_ARMS, type DatagramPeer, type DatagramStage, scriptedDatagrams } from "./datagram-arms.js";
import type { Notes } from "./datagram-notes.js";
import { iteration } from "./support.js";

const test = leakChecked(suite("datagrams in every arm"));

/** Larger than any datagram may be. */
const TOO_LARGE = Buffer.alloc(1 << 20);
/** Sends that a Unix socket has no room for. */
const TOO_MANY = 60;
const CODES = new Map([
  [ECONNREFUSED, "ECONNREFUSED"],
  [EMSGSIZE, "EMSGSIZE"],
  [ENOBUFS, "ENOBUFS"],
  [EPERM, "EPERM"],
  [ENOMEM, "ENOMEM"],
  [EIO, "EIO"],
]);

/** A test in every arm. */
function everywhere(name: string, body: (stage: DatagramStage) => Promise<void>): void {
  for (const arm of DATAGRAM_ARMS) test(`${name}; ${arm.name}`, arm.play(body));
}

interface Scene {
  transport: DatagramTransport;
  notes: Notes;
  peer: DatagramPeer;
  /** Where the endpoint is to send to; null if it is connected. */
  target: Address | null;
}

async function endpoint(stage: DatagramStage, connected = false, notes = stage.recorder()): Promise<Scene> {
  const [sock, peer] = stage.sockets(connected);
  const [transport] = await stage.loop.createDatagramEndpoint(() => notes, null, null, { sock });
  return { transport, notes, peer, target: connected ? null : peer.address };
}

/** Sends numbered texts, some of them empty, from a buffer that is used again. */
function sendTexts({ transport, target }: Scene, count: number): string[] {
  const texts = Array.from({ length: count }, (_, index) => (index % 7 === 3 ? "" : `${index} `.repeat(20)));
  const buffer = Buffer.alloc(100);
  for (const text of texts) {
    const size = buffer.write(text);
    transport.sendto(buffer.subarray(0, size), target);
    buffer.fill(0);
  }
  return texts;
}

/** What the peer gets until the endpoint is lost. */
async function readUntilLost(stage: DatagramStage, { notes, peer }: Scene): Promise<string[]> {
  const got: string[] = [];
  while (!notes.lost.done()) {
    got.push(...peer.texts());
    await iteration(stage.loop);
  }
  return [...got, ...peer.texts()];
}

everywhere("what the peer sends comes in order, whole, and with its sender", async (stage) => {
  const { transport, notes, peer } = await endpoint(stage);
  const name = transport.getExtraInfo("sockname") as Address;
  const texts = Array.from({ length: 45 }, (_, index) => (index === 5 ? "" : `${index}`));
  for (const text of texts) {
    while (!trySend(peer, Buffer.from(text), name)) await iteration(stage.loop);
  }
  while (notes.got.length < texts.length) await iteration(stage.loop);
  assert.equal(notes.texts, texts);
  for (const [, sender] of notes.got) assert.equal(sender, peer.address);
  transport.close();
  assert.is(await notes.lost, null);
  assert.equal(notes.trace, ["CM", "DR", "CL"]);
});

/** Whether there was room. */
function trySend(peer: DatagramPeer, data: Buffer, name: Address): boolean {
  try {
    peer.socket.sendto(data, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    return false;
  }
}

for (const connected of [false, true]) {
  const kind = connected ? "connected" : "not connected";
  everywhere(`what is sent arrives in order and whole before close takes effect, ${kind}`, async (stage) => {
    const scene = await endpoint(stage, connected);
    const { transport, notes } = scene;
    transport.setWriteBufferLimits({ high: 200, low: 50 });
    const texts = sendTexts(scene, TOO_MANY);
    transport.close();
    assert.equal(await readUntilLost(stage, scene), texts);
    assert.is(await notes.lost, null);
    assert.is(transport.getWriteBufferSize(), 0);
  });

  everywhere(`abort drops what waits, before and after close, ${kind}`, async (stage) => {
    for (const closeFirst of [false, true]) {
      const scene = await endpoint(stage, connected);
      const { transport, notes } = scene;
      const texts = sendTexts(scene, TOO_MANY);
      if (closeFirst) transport.close();
      const isWaiting = transport.getWriteBufferSize() > 0;
      transport.abort();
      transport.close();
      transport.abort();
      assert.is(transport.getWriteBufferSize(), 0);
      const got = await readUntilLost(stage, scene);
      assert.equal(got, texts.slice(0, got.length));
      assert.is(got.length < texts.length, isWaiting);
      assert.is(await notes.lost, null);
      assert.equal(notes.trace, ["CM", "CL"]);
    }
  });
}

everywhere("an echo with flow control sends everything back in order", async (stage) => {
  const { transport, notes, peer } = await endpoint(stage);
  const note = notes.datagramReceived.bind(notes);
  notes.datagramReceived = (data, address) => {
    note(data, address);
    transport.sendto(data, address as Address);
    data.fill(0);
  };
  transport.setWriteBufferLimits({ high: 20, low: 5 });
  const texts = Array.from({ length: 50 }, (_, index) => `${index}`);
  const got: string[] = [];
  for (const text of texts) {
    while (!trySend(peer, Buffer.from(text), transport.getExtraInfo("sockname") as Address)) {
      got.push(...peer.texts());
      await iteration(stage.loop);
    }
  }
  while (got.length < texts.length) {
    await iteration(stage.loop);
    got.push(...peer.texts());
  }
  assert.equal(got, texts);
  transport.close();
  assert.is(await notes.lost, null);
});

everywhere("one that is too large is told of, and the others go on", async (stage) => {
  const scene = await endpoint(stage);
  const { transport, notes, target } = scene;
  transport.sendto(Buffer.from("before"), target);
  transport.sendto(TOO_LARGE, target);
  transport.sendto(Buffer.from("after"), target);
  transport.close();
  assert.equal(await readUntilLost(stage, scene), ["before", "after"]);
  assert.equal(
    notes.errors.map(({ code }) => code),
    ["EMSGSIZE"],
  );
});

everywhere("a peer that is gone is told of, and the endpoint goes on", async (stage) => {
  const { transport, notes, peer } = await endpoint(stage, true);
  peer.socket.close();
  while (notes.errors.length < 3) {
    transport.sendto(Buffer.from("nobody hears this"));
    await iteration(stage.loop);
  }
  const [first, ...others] = notes.errors.map(({ code }) => code);
  assert.is(first, "ECONNREFUSED");
  // A Unix socket has lost its peer with the first error.
  const { family } = transport.getExtraInfo("socket");
  for (const code of others) assert.is(code, family === AF_UNIX ? "ENOTCONN" : "ECONNREFUSED");
  assert.not(transport.isClosing());
  transport.close();
  assert.is(await notes.lost, null);
  assert.equal(notes.trace, ["CM", "EV", "CL"]);
});

for (const arm of DATAGRAM_ARMS.filter(({ isUnix }) => isUnix)) {
  test(
    `one that there is no room for is told of, and the next one comes; ${arm.name}`,
    arm.play(async (stage) => {
      const { transport, notes, peer } = await endpoint(stage);
      const name = transport.getExtraInfo("sockname") as Address;
      peer.socket.setsockopt(SOL_SOCKET, SO_SNDBUF, 1 << 20);
      peer.socket.sendto(Buffer.alloc(300_000), name);
      peer.socket.sendto(Buffer.from("fits"), name);
      await notes.until(() => notes.got.length === 1);
      assert.equal(
        notes.errors.map(({ code }) => code),
        ["EMSGSIZE"],
      );
      assert.match(notes.errors[0]?.message as string, "larger than there is room for");
      transport.close();
      assert.is(await notes.lost, null);
      assert.equal(notes.trace, ["CM", "EV", "DR", "CL"]);
    }),
  );
}

/** What a callback may do to the endpoint. */
const DEEDS: Record<string, (scene: Scene) => void> = {
  close: ({ transport }) => transport.close(),
  abort: ({ transport }) => transport.abort(),
  "send and close": ({ transport, target }) => {
    transport.sendto(Buffer.from("farewell"), target);
    transport.close();
  },
  "close and abort": ({ transport }) => {
    transport.close();
    transport.abort();
  },
  throw: () => {
    throw new Error("on purpose");
  },
};

for (const callback of ["datagramReceived", "errorReceived", "pauseWriting", "resumeWriting"] as const) {
  everywhere(`${callback} may close, abort, send and throw`, async (stage) => {
    for (const [deed, act] of Object.entries(DEEDS)) {
      const scene = await endpoint(stage);
      const { transport, notes, peer, target } = scene;
      const note = (notes[callback] as (...args: unknown[]) => void).bind(notes);
      let acted = false;
      notes[callback] = (...args: unknown[]): void => {
        note(...args);
        if (acted) return;
        acted = true;
        act(scene);
      };
      if (callback === "datagramReceived")
        peer.socket.sendto(Buffer.from("?"), transport.getExtraInfo("sockname") as Address);
      else if (callback === "errorReceived") transport.sendto(TOO_LARGE, target);
      else {
        transport.setWriteBufferLimits({ high: 10 });
        for (let count = 0; count < TOO_MANY && !transport.isClosing(); count++) {
          transport.sendto(Buffer.from("."), target);
        }
      }
      for (let count = 0; count < 300 && !notes.lost.done(); count++) {
        peer.read();
        await iteration(stage.loop);
      }
      transport.close();
      await readUntilLost(stage, scene);
      assert.is(await notes.lost, null, deed);
      if (acted && deed === "throw") assert.match(String(stage.reported.shift()?.exception), "on purpose");
    }
  });
}

/** Fails the send of that number with an errno; those before it may be told to wait. */
function failingSend(at: number, errno: number, waits: boolean): Script {
  let sends = 0;
  return (operation) => {
    if (operation !== "send") return null;
    const count = sends++;
    if (waits && count === 0) return { errno: EAGAIN };
    return count === at ? { errno } : null;
  };
}

for (const [errno, code] of CODES) {
  for (const waits of [false, true]) {
    const when = waits ? "from the queue" : "at once";
    const arm = scriptedDatagrams("UDP", "one send fails", () => failingSend(3, errno, waits));
    test(
      `${code} of one that is sent ${when} is told of once, and the others are sent`,
      arm.play(async (stage) => {
        const scene = await endpoint(stage);
        const { transport, notes, peer } = scene;
        const texts = sendTexts(scene, 8);
        while (transport.getWriteBufferSize() > 0) await iteration(stage.loop);
        assert.equal(
          notes.errors.map((error) => error.code),
          [code],
        );
        assert.match(notes.errors[0]?.message as string, /^sendto /);
        // The queue's first was tried twice.
        texts.splice(waits ? 2 : 3, 1);
        assert.equal(peer.texts(), texts);
        assert.not(transport.isClosing());
        transport.close();
        assert.is(await notes.lost, null);
        assert.equal(notes.trace, ["CM", "EV", "CL"]);
      }),
    );
  }

  const arm = scriptedDatagrams("UDP", "one receive fails", () => once(0, { errno }));
  test(
    `${code} of a receive is told of once, and what came is received`,
    arm.play(async (stage) => {
      const { transport, notes, peer } = await endpoint(stage);
      peer.socket.sendto(Buffer.from("hello"), transport.getExtraInfo("sockname") as Address);
      await notes.until(() => notes.got.length === 1);
      assert.equal(
        notes.errors.map((error) => error.code),
        [code],
      );
      transport.close();
      assert.is(await notes.lost, null);
      assert.equal(notes.trace, ["CM", "EV", "DR", "CL"]);
    }),
  );
}

test("while a receiver is full, the others' time goes on, and it is asked once in a millisecond", async () => {
  let sends = 0;
  const count: Script = (operation) => {
    if (operation === "send") sends++;
    return null;
  };
  const arm = scriptedDatagrams("Unix", "counted", () => count);
  await arm.play(async (stage) => {
    const { loop } = stage;
    const scene = await endpoint(stage);
    const { transport, notes, target } = scene;
    // A socket that sends to anybody is writable, whoever is full.
    while (transport.getWriteBufferSize() === 0) transport.sendto(Buffer.from("."), target);
    sends = 0;
    await sleepOn(loop, loop._scheduler, 0.05, undefined);
    assert.ok(sends > 10 && sends <= 51, `${sends} sends in 50 ms`);
    transport.sendto(Buffer.from("last"), target);
    transport.close();
    const got = await readUntilLost(stage, scene);
    assert.is(got.at(-1), "last");
    assert.is(await notes.lost, null);
  })();
});

test("an endpoint that is aborted while it rests leaves no timer behind", async () => {
  const arm = scriptedDatagrams("Unix", "without faults", () => () => null);
  await arm.play(async (stage) => {
    const { loop } = stage;
    const { transport, notes, target } = await endpoint(stage);
    while (transport.getWriteBufferSize() === 0) transport.sendto(Buffer.from("."), target);
    const timers = (): number => [...loop._scheduler.entries()].filter((one) => one instanceof TimerHandle).length;
    while (timers() === 0) await iteration(loop);
    transport.abort();
    assert.is(timers(), 0);
    assert.is(await notes.lost, null);
  })();
});

/** Has the peer send texts that come in one batch, to an endpoint that does something with each. */
async function answering(
  stage: DatagramStage,
  texts: readonly string[],
  answer: (scene: Scene, data: Buffer) => void,
): Promise<Scene> {
  const scene = await endpoint(stage);
  const { transport, notes, peer } = scene;
  const note = notes.datagramReceived.bind(notes);
  notes.datagramReceived = (data, address) => {
    note(data, address);
    answer(scene, data);
  };
  for (const text of texts) peer.socket.sendto(Buffer.from(text), transport.getExtraInfo("sockname") as Address);
  await notes.until(() => notes.got.length > 0);
  return scene;
}

/** Has no time pass while datagrams are handed out, however busy the machine is, so that what is sent meanwhile leaves together. */
function inNoTime({ loop }: DatagramStage, answer: (scene: Scene, data: Buffer) => void): typeof answer {
  let stands = false;
  return (scene, data) => {
    if (!stands) {
      stands = true;
      const { now } = performance;
      performance.now = () => 0;
      loop.callSoon(() => {
        performance.now = now;
        stands = false;
      });
    }
    answer(scene, data);
  };
}

function echo({ transport, target }: Scene, data: Buffer): void {
  transport.sendto(data, target);
  // The endpoint must have made a copy.
  data.fill(0);
}

/** So many of what has come to the peer. */
async function textsFrom({ loop }: DatagramStage, peer: DatagramPeer, count: number): Promise<string[]> {
  const got = peer.texts();
  for (; got.length < count; got.push(...peer.texts())) await iteration(loop);
  return got;
}

const SIX = ["one", "two", "three", "", "five", "six"];

for (const family of ["UDP", "Unix"] as const) {
  let sends = 0;
  // One receive brings four from a Unix socket, and more from UDP.
  const receives = family === "UDP" ? 1 : 2;
  const counted = scriptedDatagrams(family, "counted", () => {
    sends = 0;
    return (operation) => {
      if (operation === "send") sends++;
      return null;
    };
  });
  test(
    `answers to datagrams that came together leave together; ${family}`,
    counted.play(async (stage) => {
      const { transport, notes, peer } = await answering(stage, SIX, inNoTime(stage, echo));
      assert.equal(await textsFrom(stage, peer, SIX.length), SIX);
      assert.is(sends, receives);
      transport.close();
      assert.is(await notes.lost, null);
    }),
  );

  test(
    `one that is large goes by itself, and in its turn; ${family}`,
    counted.play(async (stage) => {
      const enlarge = inNoTime(stage, (scene, data) => {
        scene.transport.sendto(Buffer.alloc(Number(data), data), scene.target);
      });
      const { transport, notes, peer } = await answering(stage, ["1", "2000", "2049", "4", "5"], enlarge);
      const sizes = (await textsFrom(stage, peer, 5)).map(({ length }) => length);
      assert.equal(sizes, [1, 2000, 2049, 4, 5]);
      assert.is(sends, receives + 2);
      transport.close();
      assert.is(await notes.lost, null);
    }),
  );

  test(
    `what was sent does not wait for datagrams that take long; ${family}`,
    counted.play(async (stage) => {
      const start = performance.now();
      const { transport, notes, peer } = await answering(stage, ["1", "2", "3"], (scene, data) => {
        if (data.toString() === "3") assert.equal(scene.peer.texts(), ["1", "2"]);
        echo(scene, data);
        while (scene.notes.got.length === 2 && performance.now() < start + 100);
      });
      assert.equal(peer.texts(), ["3"]);
      transport.close();
      assert.is(await notes.lost, null);
    }),
  );

  for (const deed of ["close", "abort", "getWriteBufferSize"] as const) {
    test(
      `${deed} sends what was gathered before; ${family}`,
      counted.play(async (stage) => {
        const { transport, notes, peer } = await answering(stage, SIX, (scene, data) => {
          echo(scene, data);
          if (scene.notes.got.length < 2) return;
          scene.transport[deed]();
          assert.is(scene.peer.texts().at(-1), SIX[scene.notes.got.length - 1]);
        });
        assert.is(transport.isClosing(), deed !== "getWriteBufferSize");
        transport.close();
        assert.is(await notes.lost, null);
        assert.equal(peer.texts(), []);
      }),
    );
  }

  /** Sends two; of the other four the first fails. */
  const failing = scriptedDatagrams(family, "the third fails", () => {
    let count = 0;
    return (operation) => {
      if (operation !== "send") return null;
      count++;
      return count === 1 ? { bytes: 2 } : count === 2 ? { errno: ENOBUFS } : null;
    };
  });
  test(
    `an error of one that was gathered is told of, and the others are sent; ${family}`,
    failing.play(async (stage) => {
      const { transport, notes, peer } = await answering(stage, SIX, echo);
      assert.equal(
        notes.errors.map(({ code }) => code),
        ["ENOBUFS"],
      );
      assert.equal(await textsFrom(stage, peer, 5), ["one", "two", "", "five", "six"]);
      transport.close();
      assert.is(await notes.lost, null);
    }),
  );

  const waiting = scriptedDatagrams(family, "the third waits", () => {
    let count = 0;
    return (operation) => {
      if (operation !== "send") return null;
      count++;
      return count === 1 ? { bytes: 2 } : count === 2 ? { errno: EAGAIN } : null;
    };
  });
  test(
    `what there is no room for waits with what comes after it, and pauses the protocol; ${family}`,
    waiting.play(async (stage) => {
      const { transport, notes, peer } = await answering(stage, SIX, (scene, data) => {
        if (scene.notes.got.length === 1) scene.transport.setWriteBufferLimits({ high: 3 });
        echo(scene, data);
      });
      assert.equal(await textsFrom(stage, peer, SIX.length), SIX);
      transport.close();
      assert.is(await notes.lost, null);
      assert.ok(notes.trace.includes("PW") && notes.trace.includes("RW"), notes.trace.join());
    }),
  );
}

/** What may happen to an endpoint, in any order. */
const EVENTS = [
  ...(["peer sends", "peer reads", "we send", "we send many", "we send what is too large"] as const),
  ...(["we close", "we abort", "turn"] as const),
] as const;

type Event = (typeof EVENTS)[number];

test("whatever happens in whatever order, an endpoint has one end, and it is the last", async () => {
  const { warn } = console;
  console.warn = () => {};
  const family = fc.constantFrom("UDP" as const, "Unix" as const);
  const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
  const property = fc.asyncProperty(
    fc.array(fc.constantFrom(...EVENTS), { maxLength: 30 }),
    seeds,
    family,
    async (events, seed, kind) => {
      const arm = scriptedDatagrams(kind, "random", () => confusion(seed));
      await arm.play(async (stage) => {
        const scene = await endpoint(stage);
        const { transport, peer, target } = scene;
        const name = transport.getExtraInfo("sockname") as Address;
        const deeds: Record<Event, () => unknown> = {
          "peer sends": () => !transport.getExtraInfo("socket").closed && trySend(peer, Buffer.from("p"), name),
          "peer reads": () => peer.read(),
          "we send": () => transport.sendto(Buffer.from("w"), target),
          "we send many": () => sendTexts(scene, TOO_MANY),
          "we send what is too large": () => transport.sendto(TOO_LARGE, target),
          "we close": () => transport.close(),
          "we abort": () => transport.abort(),
          turn: () => iteration(stage.loop),
        };
        for (const event of events) await deeds[event]();
        transport.close();
        await readUntilLost(stage, scene);
        assert.ok(transport.getExtraInfo("socket").closed);
      })();
    },
  );
  try {
    await fc.assert(property, { numRuns: 200 });
  } finally {
    console.warn = warn;
  }
});

test.run();
