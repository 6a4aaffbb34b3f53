/** Datagrams on a virtual loop: who gets which, when, and how many of each; and that they behave as over sockets. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  type DatagramAddress,
  type DatagramEndpointOptions,
  type DatagramTransport,
  type EventLoop,
  type Future,
  SystemExit,
  sleep,
  TimeoutError,
  waitFor,
} from "../../../host/index.js";
import { type Datagram, VirtualEventLoop } from "../../../host/testing.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";
import { captureConsoleDuring } from "../loop/capture-console.js";
import { addressOf, close, Notes } from "../net/datagram-notes.js";
import { rejectionOf } from "../net/support.js";
import { sameOnBoth } from "./same-on-both.js";

const test = leakChecked(suite("virtual datagrams"));
const same = sameOnBoth(test);

async function open(
  loop: EventLoop,
  localAddr: DatagramAddress | null = { host: "127.0.0.1", port: 0 },
  remoteAddr: DatagramAddress | null = null,
  options: DatagramEndpointOptions = {},
): Promise<Notes> {
  const [, notes] = await loop.createDatagramEndpoint(() => new Notes(loop), localAddr, remoteAddr, options);
  return notes;
}

function onVirtual(name: string, body: (loop: VirtualEventLoop) => Promise<void>): void {
  test(name, async () => {
    const loop = new VirtualEventLoop();
    await loop.runUntilComplete(loop.createTask(() => body(loop)));
    assert.is(loop._openWithoutFd.size, 0, "every endpoint is closed");
    loop.close();
  });
}

const bytes = (text: string): Buffer => Buffer.from(text);

same("come with their sender, in order, also empty ones", async (loop, seen) => {
  const [server, client] = [await open(loop), await open(loop)];
  for (const text of ["one", "", "three"]) client.transport.sendto(bytes(text), addressOf(server.transport));
  await server.until(() => server.got.length === 3);
  seen.push(server.texts, server.trace);
  for (const [, sender] of server.got) assert.equal(sender, addressOf(client.transport));
  await close(server, client);
  seen.push(server.trace, await server.lost);
});

same("of an endpoint with a remote address go there, and come from nobody else", async (loop, seen) => {
  const [server, stranger] = [await open(loop), await open(loop)];
  const client = await open(loop, null, addressOf(server.transport));
  seen.push(client.transport.getExtraInfo("peername") !== null, stranger.transport.getExtraInfo("peername"));
  client.transport.sendto(bytes("hello"));
  client.transport.sendto(bytes("again"), addressOf(server.transport));
  await server.until(() => server.got.length === 2);
  stranger.transport.sendto(bytes("psst"), addressOf(client.transport));
  server.transport.sendto(bytes("welcome"), addressOf(client.transport));
  await client.until(() => client.got.length === 1);
  seen.push(server.texts, client.texts);
  const error = thrownBy(() => client.transport.sendto(bytes("x"), addressOf(stranger.transport)));
  seen.push(error.code);
  await close(server, stranger, client);
});

same("to nobody are told to an endpoint with a remote address alone", async (loop, seen) => {
  const gone = await open(loop);
  const address = addressOf(gone.transport);
  await close(gone);
  const [connected, free] = [await open(loop, null, address), await open(loop)];
  free.transport.sendto(bytes("anybody?"), address);
  connected.transport.sendto(bytes("anybody?"));
  await connected.until(() => connected.errors.length === 1);
  const [error] = connected.errors as NodeJS.ErrnoException[];
  seen.push(error?.code, error?.syscall, error?.message, free.errors);
  await close(connected, free);
});

same("that cannot be sent are errors of the protocol", async (loop, seen) => {
  const notes = await open(loop);
  notes.transport.sendto(Buffer.alloc(65_508), addressOf(notes.transport));
  notes.transport.sendto(bytes("x"), { host: "255.255.255.255", port: 9 });
  notes.transport.sendto(bytes("x"), { host: "127.0.0.1", port: 0 });
  for (const { code, message } of notes.errors) seen.push(code, message.replace(/:\d+$/, ""));
  for (const wrong of [null, undefined, 5, "x", { host: 5, port: 1 }, { host: "127.0.0.1", port: -1 }, { host: "h" }]) {
    assert.match(thrownBy(() => notes.transport.sendto(bytes("x"), wrong as never)).code ?? "", /^ERR_/, String(wrong));
  }
  seen.push(thrownBy(() => notes.transport.sendto("text" as never, addressOf(notes.transport))).code);
  await close(notes);
});

same("that cannot be sent are errors of a connected endpoint too, without an address", async (loop, seen) => {
  const server = await open(loop);
  const connected = await open(loop, null, addressOf(server.transport));
  const unconnected = await open(loop, null, addressOf(server.transport), { allowBroadcast: true });
  for (const notes of [connected, unconnected]) {
    notes.transport.sendto(Buffer.alloc(65_508));
    const [error] = notes.errors as (NodeJS.ErrnoException & { address?: string })[];
    seen.push(error?.code, error?.syscall, error?.address, addressOf(notes.transport).host);
  }
  const nowhere = await open(loop, null, { host: "127.0.0.1", port: 0 });
  nowhere.transport.sendto(bytes("x"));
  await nowhere.until(() => nowhere.errors.length === 1);
  seen.push(nowhere.errors[0]?.message);
  const error = (await rejectionOf(open(loop, null, { host: "255.255.255.255", port: 9 }))) as NodeJS.ErrnoException;
  seen.push(error.message, error.code, error.syscall);
  await close(server, connected, unconnected, nowhere);
});

same("to all hosts come to this one", async (loop, seen) => {
  const server = await open(loop);
  const everywhere = { ...addressOf(server.transport), host: "0.0.0.0" };
  const [free, connected] = [await open(loop), await open(loop, { host: "0.0.0.0", port: 0 }, everywhere)];
  seen.push(addressOf(connected.transport).host);
  free.transport.sendto(bytes("one"), everywhere);
  await server.until(() => server.got.length === 1);
  connected.transport.sendto(bytes("two"));
  await server.until(() => server.got.length === 2);
  server.transport.sendto(bytes("back"), addressOf(connected.transport));
  await connected.until(() => connected.got.length === 1);
  seen.push(server.texts, connected.texts);
  await close(server, free, connected);
});

same("to an endpoint that hears others alone are to nobody", async (loop, seen) => {
  const server = await open(loop);
  const client = await open(loop, null, addressOf(server.transport));
  const stranger = await open(loop, null, addressOf(client.transport));
  stranger.transport.sendto(bytes("psst"));
  await stranger.until(() => stranger.errors.length === 1);
  seen.push(stranger.errors[0]?.code, client.trace);
  await close(server, client, stranger);
});

same("have an address before their protocol is made", async (loop, seen) => {
  const gone = await open(loop);
  const address = addressOf(gone.transport);
  await close(gone);
  const openings: Future<[DatagramTransport, object]>[] = [];
  const factory = (): object => {
    openings.push(loop.createDatagramEndpoint(() => ({}), address));
    return {};
  };
  const [transport] = await loop.createDatagramEndpoint(factory, address);
  seen.push((await rejectionOf(openings[0] as PromiseLike<unknown>)).code);
  transport.close();
  await sleep(0);
  const failing = (): never => {
    throw new Error("no protocol");
  };
  seen.push((await rejectionOf(loop.createDatagramEndpoint(failing, address))).message);
  await close(await open(loop, address));
});

same("have an address that whoever asks for it cannot change", async (loop, seen) => {
  const server = await open(loop);
  const address = { ...addressOf(server.transport) };
  const client = await open(loop, null, address);
  addressOf(server.transport).port = 1;
  Object.assign(client.transport.getExtraInfo("peername") ?? {}, { port: 1 });
  client.transport.sendto(bytes("hello"));
  await server.until(() => server.got.length === 1);
  seen.push(Object.isFrozen(server.got[0]?.[1]));
  await close(server, client);
  await close(await open(loop, address));
});

same("that come while the first ones wait to be handed out are behind them", async (loop, seen) => {
  const gone = await open(loop);
  const address = addressOf(gone.transport);
  await close(gone);
  const client = await open(loop);
  let sent = 0;
  const send = (): void => {
    client.transport.sendto(bytes(String(sent++)), address);
    if (sent < 12) loop.callSoon(send);
  };
  send();
  const notes = await open(loop, address);
  await notes.until(() => notes.texts.includes("11"));
  const numbers = notes.texts.map(Number);
  seen.push(numbers.every((number, index) => index === 0 || number === (numbers[index - 1] as number) + 1));
  await close(client, notes);
});

same("are no longer handed out by an endpoint that closes, nor sent by it", async (loop, seen) => {
  const [server, client] = [await open(loop), await open(loop)];
  const warnings = await captureConsoleDuring("warn", async () => {
    client.transport.sendto(bytes("too late"), addressOf(server.transport));
    server.transport.close();
    seen.push(server.transport.isClosing(), server.transport.getWriteBufferSize());
    for (let n = 0; n < 7; n++) server.transport.sendto(bytes("x"), addressOf(client.transport));
    await server.lost;
    await sleep(0.01);
  });
  server.transport.close();
  server.transport.abort();
  seen.push(server.trace, client.got);
  const warning = "A datagram to a closed endpoint was dropped.";
  assert.equal(warnings, [warning, warning, warning], "from the fifth of seven on");
  await close(client);
});

same("that come before the endpoint is awaited wait for that", async (loop, seen) => {
  const server = await open(loop);
  const client = await open(loop);
  const opening = loop.createDatagramEndpoint(() => new Notes(loop), { host: "127.0.0.1", port: 0 });
  opening.addDoneCallback(() => {
    const [transport] = opening.result();
    client.transport.sendto(bytes("early"), addressOf(transport));
  });
  const [, notes] = await opening;
  seen.push(notes.trace.slice());
  await notes.until(() => notes.got.length === 1);
  seen.push(notes.trace);
  await close(server, client, notes);
});

same("an error of a protocol is reported, and the endpoint goes on", async (loop, seen) => {
  const server = await open(loop);
  const client = await open(loop);
  const { datagramReceived } = server;
  server.datagramReceived = (data, address) => {
    datagramReceived.call(server, data, address);
    if (data.toString() === "bad") throw new Error("no");
  };
  for (const text of ["bad", "good"]) client.transport.sendto(bytes(text), addressOf(server.transport));
  await server.until(() => server.got.length === 2);
  seen.push(server.texts);
  await close(server, client);
});

same("have an address of their own, which nobody else can have", async (loop, seen) => {
  const notes = await open(loop);
  const error = (await rejectionOf(open(loop, addressOf(notes.transport)))) as NodeJS.ErrnoException;
  seen.push(error.code, error.syscall);
  await close(notes);
  await close(await open(loop, addressOf(notes.transport)));
});

onVirtual("arrive after the latency of the network", async (loop) => {
  loop.network.latency = 30;
  const server = await open(loop, { host: "Moon", port: 7 });
  const client = await open(loop, null, { host: "moon", port: 7 });
  assert.equal(addressOf(server.transport), { host: "moon", port: 7 });
  client.transport.sendto(bytes("hello"));
  await server.until(() => server.got.length === 1);
  assert.is(loop.time(), 30);
  await close(server);
  client.transport.sendto(bytes("still there?"));
  await client.until(() => client.errors.length === 1);
  assert.is(loop.time(), 90);
  await close(client);
});

onVirtual("are lost, doubled, held up and put in another order as the network is told", async (loop) => {
  const seen: Datagram[] = [];
  const delays: Record<string, number[]> = { lost: [], twice: [1, 2], late: [5], first: [0] };
  loop.network.datagramDelays = (datagram) => {
    seen.push(datagram);
    return delays[`${datagram.data}`] ?? [];
  };
  const server = await open(loop, { host: "moon", port: 7 });
  const client = await open(loop, null, { host: "moon", port: 7 });
  for (const text of Object.keys(delays)) client.transport.sendto(bytes(text));
  await sleep(10);
  assert.equal(server.texts, ["first", "twice", "twice", "late"]);
  assert.equal(seen[0]?.from, addressOf(client.transport));
  assert.equal(seen[0]?.to, { host: "moon", port: 7 });
  loop.network.datagramDelays = null;
  client.transport.sendto(bytes("plain"));
  await sleep(1);
  assert.is(server.texts.at(-1), "plain");
  await close(server, client);
});

onVirtual("a retry is tested without waiting", async (loop) => {
  let sent = 0;
  loop.network.datagramDelays = () => (++sent < 3 ? [] : [0.1]);
  const server = await open(loop, { host: "dns", port: 53 });
  const client = await open(loop, null, { host: "dns", port: 53 });
  let attempts = 0;
  for (;;) {
    attempts++;
    client.transport.sendto(bytes("?"));
    try {
      await waitFor(
        server.until(() => server.got.length > 0),
        5,
      );
      break;
    } catch (error) {
      assert.instance(error, TimeoutError);
    }
  }
  assert.is(attempts, 3);
  assert.is(loop.time(), 10.1);
  await close(server, client);
});

onVirtual("what says how datagrams travel must say so in seconds", async (loop) => {
  const notes = await open(loop);
  const send = (): void => notes.transport.sendto(bytes("x"), addressOf(notes.transport));
  assert.is(thrownBy(() => Object.assign(loop.network, { datagramDelays: 5 })).code, "ERR_NOT_CALLABLE");
  for (const [answer, code] of [
    [undefined, "ERR_NOT_A_NUMBER"],
    [5, "ERR_NOT_A_NUMBER"],
    [["1"], "ERR_NOT_A_NUMBER"],
    [[-1], "ERR_BAD_TIME"],
    [[Number.NaN], "ERR_BAD_TIME"],
    [[1, Number.POSITIVE_INFINITY], "ERR_BAD_TIME"],
  ] as const) {
    loop.network.datagramDelays = () => answer as never;
    assert.is(thrownBy(send).code, code, String(answer));
  }
  await sleep(1);
  assert.equal(notes.got, []);
  await close(notes);
});

onVirtual("each receiver has bytes of its own, and the sender may change his", async (loop) => {
  loop.network.datagramDelays = () => [1, 2];
  const server = await open(loop);
  const { datagramReceived } = server;
  server.datagramReceived = (data, address) => {
    datagramReceived.call(server, data, address);
    data.fill("!");
  };
  const data = bytes("abc");
  server.transport.sendto(data, addressOf(server.transport));
  data.fill("?");
  await sleep(3);
  assert.equal(server.texts, ["abc", "abc"]);
  await close(server);
});

onVirtual("to everybody come to all who have the port, if the endpoint may send them", async (loop) => {
  const receivers = [await open(loop, { host: "a", port: 99 }), await open(loop, { host: "b", port: 99 })];
  const other = await open(loop, { host: "a", port: 98 });
  const sender = await open(loop, null, { host: "<broadcast>", port: 99 }, { allowBroadcast: true });
  assert.is(sender.transport.getExtraInfo("peername"), null);
  sender.transport.sendto(bytes("who is there?"));
  for (const receiver of receivers) await receiver.until(() => receiver.got.length === 1);
  receivers[0]?.transport.sendto(bytes("me"), receivers[0].got[0]?.[1] ?? null);
  await sender.until(() => sender.got.length === 1);
  assert.equal(other.got, []);
  await close(...receivers, other, sender);
});

onVirtual("an endpoint at all hosts gets what is for any of them", async (loop) => {
  const server = await open(loop, { host: "0.0.0.0", port: 53 });
  const client = await open(loop, null, null, { family: AF_INET });
  assert.is((addressOf(client.transport) as { host: string }).host, "0.0.0.0");
  client.transport.sendto(bytes("one"), { host: "here", port: 53 });
  client.transport.sendto(bytes("two"), { host: "there", port: 53 });
  await server.until(() => server.got.length === 2);
  assert.equal(server.got[0]?.[1], { ...addressOf(client.transport), host: "127.0.0.1" });
  assert.is((await rejectionOf(open(loop, { host: "here", port: 53 }))).code, "EADDRINUSE");
  await close(server, client);
});

onVirtual("an endpoint at all hosts answers for the one that was asked", async (loop) => {
  const server = await open(loop, { host: "0.0.0.0", port: 53 });
  const client = await open(loop, null, { host: "Moon", port: 53 });
  client.transport.sendto(bytes("question"));
  await server.until(() => server.got.length === 1);
  server.transport.sendto(bytes("answer"), server.got[0]?.[1]);
  await client.until(() => client.got.length === 1);
  assert.equal(client.got, [["answer", { host: "moon", port: 53 }]]);
  await close(server, client);
});

onVirtual("it does not matter how an IPv6 address is written", async (loop) => {
  const hosts = {
    "2001:DB8:0:0:0:0:0:1": "2001:db8::1",
    "0:0::1": "127.0.0.1",
    "::ffff:10.1.2.255": "10.1.2.255",
    "fe80:0::1%eth0": "fe80::1%eth0",
    "0:0::0": "::",
    "no:address": "no:address",
  };
  for (const [written, meant] of Object.entries(hosts)) {
    const server = await open(loop, { host: written, port: 53 });
    assert.is(addressOf(server.transport).host, meant);
    const client = await open(loop, null, { host: meant, port: 53 });
    client.transport.sendto(bytes("hello"));
    await server.until(() => server.got.length === 1);
    await close(server, client);
  }
});

test("one that is sent to everybody comes to the others too if it ends the loop", async () => {
  const loop = new VirtualEventLoop();
  const run = <T>(body: () => Promise<T>): Promise<T> => loop.runUntilComplete(loop.createTask(body)) as Promise<T>;
  let receivers: Notes[] = [];
  await run(async () => {
    receivers = [await open(loop, { host: "a", port: 9 }), await open(loop, { host: "b", port: 9 })];
  });
  const [first, second] = receivers as [Notes, Notes];
  first.datagramReceived = () => {
    throw new SystemExit();
  };
  const ended = await rejectionOf(
    run(async () => {
      const sender = await open(loop, null, { host: "<broadcast>", port: 9 }, { allowBroadcast: true });
      sender.transport.sendto(bytes("all"));
      await sleep(1);
    }),
  );
  assert.instance(ended, SystemExit);
  await run(async () => await sleep(2));
  assert.equal(second.texts, ["all"]);
  loop.close();
});

onVirtual("what the network has no use for is refused, and bad arguments as on any loop", async (loop) => {
  const local = { host: "127.0.0.1", port: 0 };
  const factory = (): object => ({});
  const refused: [DatagramAddress | null, DatagramAddress | null, DatagramEndpointOptions, string][] = [
    ["/path", null, {}, "ERR_VIRTUAL_NETWORK"],
    [null, "/path", {}, "ERR_VIRTUAL_NETWORK"],
    [null, null, { family: AF_UNIX }, "ERR_VIRTUAL_NETWORK"],
    [null, null, { family: AF_INET6 }, "ERR_VIRTUAL_NETWORK"],
    [local, null, { family: 99 }, "ERR_VIRTUAL_NETWORK"],
    [local, null, { reusePort: true }, "ERR_VIRTUAL_NETWORK"],
    [local, null, { sock: {} as never }, "ERR_VIRTUAL_NETWORK"],
    [local, null, { nonsense: 1 } as never, "ERR_VIRTUAL_NETWORK"],
    [local, null, { allowBroadcast: 1 as never }, "ERR_INVALID_ARG_TYPE"],
    [local, null, { family: "inet" as never }, "ERR_INVALID_ARG_TYPE"],
    [null, null, {}, "ERR_NO_ADDRESS"],
    [5 as never, null, {}, "ERR_INVALID_ADDRESS"],
    [{ host: "h", port: 70_000 }, null, {}, "ERR_OUT_OF_RANGE"],
    [{ host: "h", port: "dns" }, null, {}, "ERR_NO_LOOKUPS"],
  ];
  for (const [localAddr, remoteAddr, options, code] of refused) {
    const error = thrownBy(() => loop.createDatagramEndpoint(factory, localAddr, remoteAddr, options));
    assert.is(error.code, code, JSON.stringify([localAddr, remoteAddr, Object.keys(options)]));
  }
  assert.is(thrownBy(() => loop.createDatagramEndpoint(null as never, local)).code, "ERR_NOT_CALLABLE");
  const failing = (): never => {
    throw new Error("no protocol");
  };
  assert.is((await rejectionOf(loop.createDatagramEndpoint(failing, local))).message, "no protocol");
  const opening = loop.createDatagramEndpoint(() => new Notes(loop), { host: "h", port: 5 });
  opening.cancel();
  await rejectionOf(opening);
  await sleep(0);
  await close(await open(loop, { host: "h", port: 5 }));
});

test("an endpoint that is open when its loop is closed is closed with it", async () => {
  const loop = new VirtualEventLoop();
  const notes = await loop.runUntilComplete(loop.createTask(() => open(loop)));
  assert.match(String(notes.transport), /^<DatagramTransport 127\.0\.0\.1:\d+>$/);
  loop.close();
  assert.is(loop._openWithoutFd.size, 0);
});

test.run();
