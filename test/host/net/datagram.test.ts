/** Endpoints for datagrams: what the protocol is told, in what order, where datagrams go, and what each argument does. */
import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  AI_NUMERICHOST,
  IPPROTO_UDP,
  SO_BROADCAST,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_SNDBUF,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "../../../host/constants.js";
import { FatalError, ValueError } from "../../../host/errors.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import type { Address, InetAddress } from "../../../host/net/address.js";
import type { DatagramTransport } from "../../../host/net/datagram-transport.js";
import { Socket } from "../../../host/net/socket.js";
import { EAFNOSUPPORT } from "../../../host/sys/errno.js";
import { libc } from "../../../host/sys/libc.js";
import { withFolder } from "../../support/folders.js";
import { leakChecked } from "../../support/leaks.js";
import { closeAll, thrownBy } from "../../support/sockets.js";
import { addressOf, close, Notes } from "./datagram-notes.js";
import { iteration, onLoop, rejectionOf } from "./support.js";

const test = leakChecked(suite("datagrams"));

const LOCAL = { host: "127.0.0.1", port: 0 };

/** An endpoint that hears, and one that is connected to it. */
async function pair(loop: EventLoop): Promise<[hears: Notes, talks: Notes, address: InetAddress]> {
  const [, hears] = await loop.createDatagramEndpoint(() => new Notes(loop), LOCAL);
  const address = addressOf(hears.transport);
  const [, talks] = await loop.createDatagramEndpoint(() => new Notes(loop), null, address);
  return [hears, talks, address];
}

test(
  "come with their sender, in order, each as it was sent",
  onLoop(async ({ loop }) => {
    const [hears, talks] = await pair(loop);
    for (const text of ["one", "", "three"]) talks.transport.sendto(Buffer.from(text));
    await hears.until(() => hears.got.length === 3);
    assert.equal(hears.texts, ["one", "", "three"]);
    assert.equal(hears.got[0]?.[1], addressOf(talks.transport));
    hears.transport.sendto(Buffer.from("back"), hears.got[0]?.[1] as Address);
    await talks.until(() => talks.got.length === 1);
    assert.equal(talks.got, [["back", addressOf(hears.transport)]]);
    await close(hears, talks);
    assert.equal(hears.trace, ["CM", "DR", "CL"]);
    assert.is(await hears.lost, null);
  }),
);

test(
  "tell whoever awaits the endpoint before the first datagram",
  onLoop(async ({ loop }) => {
    const early = new Socket(AF_INET, SOCK_DGRAM);
    const bound = new Socket(AF_INET, SOCK_DGRAM);
    bound.bind(LOCAL);
    early.sendto(Buffer.from("early"), bound.getsockname());
    const [transport, notes] = await loop.createDatagramEndpoint(() => new Notes(loop), null, null, { sock: bound });
    notes.trace.push("returned");
    await notes.until(() => notes.got.length === 1);
    assert.equal(notes.trace, ["CM", "returned", "DR"]);
    assert.is(transport.getExtraInfo("socket"), bound);
    await close(notes);
    early.close();
    assert.ok(bound.closed);
  }),
);

test(
  "are sent to this machine when the host is empty, whether or not the address is frozen",
  onLoop(async ({ loop }) => {
    const [hears, other] = await pair(loop);
    const [transport, talks] = await loop.createDatagramEndpoint(() => new Notes(loop), LOCAL);
    const address = { host: "", port: addressOf(hears.transport).port };
    for (const each of [address, Object.freeze({ ...address }), address]) transport.sendto(Buffer.from("hello"), each);
    await hears.until(() => hears.got.length === 3);
    assert.equal(talks.errors, []);
    await close(hears, other, talks);
  }),
);

test(
  "come to another protocol from setProtocol on",
  onLoop(async ({ loop }) => {
    const [hears, talks] = await pair(loop);
    const second = new Notes(loop);
    hears.transport.setProtocol(second);
    assert.is(hears.transport.getProtocol(), second);
    talks.transport.sendto(Buffer.from("hello"));
    await second.until(() => second.got.length === 1);
    assert.is(thrownBy(() => hears.transport.setProtocol(1 as never)).code, "ERR_NOT_A_PROTOCOL");
    hears.transport.close();
    assert.is(await second.lost, null);
    assert.equal([hears.trace, second.trace], [["CM"], ["DR", "CL"]]);
    await close(talks);
  }),
);

test(
  "many come at once, and the largest as well as the smallest",
  onLoop(async ({ loop }) => {
    const [hears, talks] = await pair(loop);
    const largest = "x".repeat(65_507);
    const texts = Array.from({ length: 100 }, (_, index) => `datagram ${index}`);
    for (const text of texts) talks.transport.sendto(Buffer.from(text));
    await hears.until(() => hears.got.length === 100);
    talks.transport.sendto(Buffer.from(largest));
    await hears.until(() => hears.got.length === 101);
    assert.equal(hears.texts, [...texts, largest]);
    await close(hears, talks);
  }),
);

test(
  "are the protocol's to keep",
  onLoop(async ({ loop }) => {
    const kept: Buffer[] = [];
    const keeper = () => ({ datagramReceived: (data: Buffer) => void kept.push(data) });
    const [transport] = await loop.createDatagramEndpoint(keeper, LOCAL);
    const [, talks] = await loop.createDatagramEndpoint(() => new Notes(loop), null, addressOf(transport));
    for (let round = 0; round < 50; round++) {
      talks.transport.sendto(Buffer.from(`round ${round}`));
      while (kept.length <= round) await iteration(loop);
    }
    assert.equal(
      kept.map(String),
      kept.map((_, round) => `round ${round}`),
    );
    transport.close();
    await close(talks);
  }),
);

test(
  "an error of the network comes to errorReceived, and the endpoint goes on",
  onLoop(async ({ loop }) => {
    const [hears, talks, address] = await pair(loop);
    await close(hears);
    talks.transport.sendto(Buffer.from("nobody hears this"));
    await talks.until(() => talks.errors.length > 0);
    assert.is(talks.errors[0]?.code, "ECONNREFUSED");
    const [, again] = await loop.createDatagramEndpoint(() => new Notes(loop), address);
    talks.transport.sendto(Buffer.from("this one does"));
    talks.transport.sendto(Buffer.from("this one too"));
    await again.until(() => again.got.length > 0);
    await close(talks, again);
  }),
);

test(
  "one that is too large is an error of the network too",
  onLoop(async ({ loop }) => {
    const [hears, talks] = await pair(loop);
    talks.transport.sendto(Buffer.alloc(70_000));
    assert.equal(
      talks.errors.map(({ code }) => code),
      ["EMSGSIZE"],
    );
    talks.transport.sendto(Buffer.from("fits"));
    await hears.until(() => hears.got.length === 1);
    await close(hears, talks);
  }),
);

/** An endpoint that sends to a socket, which receives when the test says so. */
async function towardsSocket(loop: EventLoop, folder: string): Promise<[Socket, DatagramTransport, Notes]> {
  const path = join(folder, "hears");
  const hears = new Socket(AF_UNIX, SOCK_DGRAM);
  hears.bind(path);
  return [hears, ...(await loop.createDatagramEndpoint(() => new Notes(loop), null, path))];
}

test(
  "wait when the kernel has no room, with their boundaries, and are sent before the endpoint closes",
  onLoop((scene) =>
    withFolder(async (folder) => {
      const { loop } = scene;
      const [hears, transport, talks] = await towardsSocket(loop, folder);
      transport.getExtraInfo("socket").setsockopt(SOL_SOCKET, SO_SNDBUF, 4096);
      transport.setWriteBufferLimits({ high: 1000, low: 100 });
      const texts: string[] = [];
      while (talks.trace.at(-1) !== "PW") {
        const data = Buffer.from(`${texts.length} `.repeat(50));
        texts.push(data.toString());
        transport.sendto(data);
        // The endpoint must have made a copy.
        data.fill(0);
      }
      assert.ok(transport.getWriteBufferSize() > 1000);
      transport.close();
      assert.ok(transport.isClosing());
      const got: string[] = [];
      while (got.length < texts.length) got.push((await loop.sockRecv(hears, 1000)).toString());
      assert.equal(got, texts);
      assert.is(await talks.lost, null);
      assert.equal(talks.trace, ["CM", "PW", "RW", "CL"]);
      hears.close();
    }),
  ),
);

test(
  "pause the protocol when many wait that are empty",
  onLoop((scene) =>
    withFolder(async (folder) => {
      const { loop } = scene;
      const [hears, transport, talks] = await towardsSocket(loop, folder);
      transport.setWriteBufferLimits({ high: 20, low: 8 });
      for (let count = 0; count < 10_000 && talks.trace.at(-1) !== "PW"; count++) transport.sendto(Buffer.alloc(0));
      assert.is(transport.getWriteBufferSize(), 24);
      while (transport.getWriteBufferSize() > 0) assert.is((await loop.sockRecv(hears, 1000)).length, 0);
      assert.equal(talks.trace, ["CM", "PW", "RW"]);
      transport.close();
      assert.is(await talks.lost, null);
      hears.close();
    }),
  ),
);

test(
  "abort drops what waits",
  onLoop((scene) =>
    withFolder(async (folder) => {
      const { loop } = scene;
      const [hears, transport, talks] = await towardsSocket(loop, folder);
      while (transport.getWriteBufferSize() === 0) transport.sendto(Buffer.alloc(1000));
      transport.close();
      transport.abort();
      transport.abort();
      assert.is(transport.getWriteBufferSize(), 0);
      assert.is(await talks.lost, null);
      assert.equal(talks.trace, ["CM", "CL"]);
      hears.close();
    }),
  ),
);

test(
  "what is sent once the endpoint is closed is dropped, and from the fifth on warned of",
  onLoop(async ({ loop }) => {
    const [hears, talks] = await pair(loop);
    await close(hears, talks);
    const { warn } = console;
    const warnings: unknown[] = [];
    console.warn = (text) => warnings.push(text);
    try {
      for (let count = 0; count < 7; count++) talks.transport.sendto(Buffer.from("late"));
    } finally {
      console.warn = warn;
    }
    assert.is(warnings.length, 3);
  }),
);

test(
  "an error of the protocol with one datagram is reported and keeps no other from it",
  onLoop(async ({ loop, reported }) => {
    const got: string[] = [];
    const protocol = {
      datagramReceived(data: Buffer) {
        got.push(data.toString());
        if (got.length === 2) throw new Error("mine");
      },
    };
    const [transport] = await loop.createDatagramEndpoint(() => protocol, LOCAL);
    const [, talks] = await loop.createDatagramEndpoint(() => new Notes(loop), null, addressOf(transport));
    for (const text of ["one", "two", "three"]) talks.transport.sendto(Buffer.from(text));
    while (got.length < 3) await iteration(loop);
    assert.equal(
      reported.splice(0).map(({ message }) => message),
      ["protocol.datagramReceived() call failed."],
    );
    assert.not.ok(transport.isClosing());
    transport.close();
    await close(talks);
  }),
);

test("a fatal error of the protocol ends the run, and what came with it is delivered in the next", async () => {
  const loop = new EventLoop();
  const got: string[] = [];
  class Stop extends FatalError {}
  const protocol = {
    datagramReceived(data: Buffer) {
      got.push(data.toString());
      if (got.length === 1) throw new Stop();
    },
  };
  const [transport] = await loop.runUntilComplete(loop.createDatagramEndpoint(() => protocol, LOCAL));
  const socket = new Socket(AF_INET, SOCK_DGRAM);
  for (const text of ["one", "two"]) socket.sendto(Buffer.from(text), addressOf(transport));
  assert.instance(await rejectionOf(loop.runForever()), Stop);
  const task = loop.createTask(function* () {
    while (got.length < 2) yield;
  });
  await loop.runUntilComplete(task);
  assert.equal(got, ["one", "two"]);
  socket.close();
  transport.close();
  loop.stop();
  await loop.runForever();
  loop.close();
});

test("an endpoint of a closed loop gives its socket back when it is closed", async () => {
  const loop = new EventLoop();
  const [transport] = await loop.runUntilComplete(loop.createDatagramEndpoint(() => ({}), LOCAL));
  loop.close();
  transport.close();
  assert.ok(transport.getExtraInfo("socket").closed);
});

test(
  "with a remote address go there and nowhere else",
  onLoop(async ({ loop }) => {
    const [hears, talks, address] = await pair(loop);
    assert.equal(talks.transport.getExtraInfo("peername"), address);
    talks.transport.sendto(Buffer.from("1"), address);
    talks.transport.sendto(Buffer.from("2"), { ...address });
    const error = thrownBy(() => talks.transport.sendto(Buffer.from("3"), { ...address, port: 1 }));
    assert.instance(error, ValueError);
    assert.is(error.code, "ERR_INVALID_ADDRESS");
    assert.match(error.message, "Invalid address: must be null or 127.0.0.1:");
    await hears.until(() => hears.got.length === 2);
    await close(hears, talks);
  }),
);

test(
  "whose options stand in the place of an address are refused",
  onLoop(async ({ loop }) => {
    const misplaced = { localAddr: { host: "127.0.0.1" } } as never;
    const error = thrownBy(() => loop.createDatagramEndpoint(() => ({}), misplaced));
    assert.is(error.code, "ERR_INVALID_ADDRESS");
    assert.match(error.message, "options come after both addresses");
  }),
);

test(
  "without one need an address each",
  onLoop(async ({ loop }) => {
    const [hears, talks] = await pair(loop);
    const error = thrownBy(() => hears.transport.sendto(Buffer.from("where to?")));
    assert.instance(error, TypeError);
    assert.is(error.code, "ERR_INVALID_ADDRESS");
    assert.is(hears.transport.getExtraInfo("peername"), null);
    await close(hears, talks);
  }),
);

test(
  "localAddr and remoteAddr are resolved, and paired by family",
  onLoop(async ({ loop }) => {
    const [, hears] = await loop.createDatagramEndpoint(() => new Notes(loop), { host: "::1", port: 0 });
    const { port } = addressOf(hears.transport);
    const [, talks] = await loop.createDatagramEndpoint(() => new Notes(loop), { host: null }, { host: "::1", port });
    assert.is(talks.transport.getExtraInfo("socket").family, AF_INET6);
    talks.transport.sendto(Buffer.from("six"));
    await hears.until(() => hears.got.length === 1);
    assert.is((hears.got.at(-1) as [string, InetAddress])[1].host, "::1");
    await close(hears, talks);
    const mixed = loop.createDatagramEndpoint(() => ({}), { host: "127.0.0.1" }, { host: "::1", port: 1 });
    const error = await rejectionOf(mixed);
    assert.instance(error, ValueError);
    assert.match(error.message, "can not get address information");
  }),
);

test(
  "a kind of socket that the kernel lacks leaves the other addresses to be tried",
  onLoop(async ({ loop }) => {
    const functions = libc();
    const { socket, errno } = functions;
    const asked: number[] = [];
    // The kernel lacks what is asked for first, be it IPv4 or IPv6.
    functions.socket = (family, type, proto) => {
      asked.push(family);
      if (family !== asked[0]) return socket(family, type, proto);
      functions.errno = () => {
        functions.errno = errno;
        return EAFNOSUPPORT;
      };
      return -1;
    };
    try {
      const endpoint = loop.createDatagramEndpoint(() => new Notes(loop), { host: null, port: 0 });
      const [transport, notes] = await endpoint;
      assert.is(asked.length, 2);
      assert.is(transport.getExtraInfo("socket").family, asked[1]);
      await close(notes);
      const only = { host: asked[0] === AF_INET ? "127.0.0.1" : "::1", port: 0 };
      const error = await rejectionOf(loop.createDatagramEndpoint(() => ({}), only));
      assert.is(error.code, "EAFNOSUPPORT");
    } finally {
      Object.assign(functions, { socket, errno });
    }
  }),
);

test(
  "family, proto and flags go to the resolver",
  onLoop(async ({ loop }) => {
    const open = async (options: object, host: string | null = null): Promise<Socket> => {
      const [transport] = await loop.createDatagramEndpoint(() => ({}), { host, port: 0 }, null, options);
      const socket = transport.getExtraInfo("socket");
      transport.close();
      return socket;
    };
    assert.is((await open({ family: AF_INET })).family, AF_INET);
    assert.is((await open({ family: AF_INET6 })).family, AF_INET6);
    assert.is((await open({ proto: IPPROTO_UDP })).proto, IPPROTO_UDP);
    assert.is((await rejectionOf(open({ proto: 6 }))).code, "EAI_SOCKTYPE");
    assert.is((await rejectionOf(open({ flags: AI_NUMERICHOST }, "localhost"))).code, "ENOTFOUND");
  }),
);

test(
  "a family alone makes an endpoint that hears once it has sent",
  onLoop(async ({ loop }) => {
    const [hears, talks, address] = await pair(loop);
    const [, third] = await loop.createDatagramEndpoint(() => new Notes(loop), null, null, { family: AF_INET });
    third.transport.sendto(Buffer.from("hello"), address);
    await hears.until(() => hears.got.length === 1);
    await close(hears, talks, third);
    const error = thrownBy(() => loop.createDatagramEndpoint(() => ({})));
    assert.instance(error, ValueError);
    assert.match(error.message, "unexpected address family");
  }),
);

test(
  "reuseAddress and reusePort let others have the same address, and are off unless asked for",
  onLoop(async ({ loop }) => {
    for (const [name, option] of [
      ["reuseAddress", SO_REUSEADDR],
      ["reusePort", SO_REUSEPORT],
    ] as const) {
      const [plain] = await loop.createDatagramEndpoint(() => ({}), LOCAL);
      assert.is(plain.getExtraInfo("socket").getsockopt(SOL_SOCKET, option), 0);
      const taken = await rejectionOf(
        loop.createDatagramEndpoint(() => ({}), addressOf(plain), null, { [name]: true }),
      );
      assert.is(taken.code, "EADDRINUSE");
      const [first] = await loop.createDatagramEndpoint(() => ({}), LOCAL, null, { [name]: true });
      assert.is(first.getExtraInfo("socket").getsockopt(SOL_SOCKET, option), 1);
      const [second] = await loop.createDatagramEndpoint(() => ({}), addressOf(first), null, { [name]: true });
      for (const transport of [plain, first, second]) transport.close();
    }
  }),
);

test(
  "allowBroadcast lets them go to broadcast addresses, and leaves the socket unconnected",
  onLoop(async ({ loop }) => {
    const [hears, talks, { port }] = await pair(loop);
    const everybody = { host: "127.255.255.255", port };
    const refused = await rejectionOf(loop.createDatagramEndpoint(() => ({}), null, everybody));
    assert.is(refused.code, "EACCES");
    const [transport, caller] = await loop.createDatagramEndpoint(() => new Notes(loop), null, everybody, {
      allowBroadcast: true,
    });
    assert.is(transport.getExtraInfo("socket").getsockopt(SOL_SOCKET, SO_BROADCAST), 1);
    assert.is(transport.getExtraInfo("peername"), null);
    assert.is(thrownBy(() => transport.getExtraInfo("socket").getpeername()).code, "ENOTCONN");
    transport.sendto(Buffer.from("everybody"));
    transport.sendto(Buffer.from("everybody"), everybody);
    assert.equal(caller.errors, []);
    assert.is(thrownBy(() => transport.sendto(Buffer.from("you"), LOCAL)).code, "ERR_INVALID_ADDRESS");
    await close(hears, talks, caller);
  }),
);

test(
  "sock is taken over, with its peer, and goes with no other option",
  onLoop(async ({ loop }) => {
    const [hears, talks, address] = await pair(loop);
    const sock = new Socket(AF_INET, SOCK_DGRAM);
    sock.connect(address);
    const others = { family: AF_INET, proto: IPPROTO_UDP, flags: AI_NUMERICHOST, reuseAddress: true, reusePort: true };
    for (const [name, value] of Object.entries({ ...others, allowBroadcast: true })) {
      const error = thrownBy(() => loop.createDatagramEndpoint(() => ({}), null, null, { sock, [name]: value }));
      assert.is(error.code, "ERR_CONFLICTING_OPTIONS");
      assert.match(error.message, name);
    }
    for (const addresses of [[LOCAL], [null, LOCAL]]) {
      const error = thrownBy(() => loop.createDatagramEndpoint(() => ({}), addresses[0], addresses[1], { sock }));
      assert.is(error.code, "ERR_CONFLICTING_OPTIONS");
    }
    const stream = new Socket();
    assert.is(
      thrownBy(() => loop.createDatagramEndpoint(() => ({}), null, null, { sock: stream })).code,
      "ERR_SOCKET_KIND",
    );
    const [transport, third] = await loop.createDatagramEndpoint(() => new Notes(loop), null, null, { sock });
    assert.equal(transport.getExtraInfo("peername"), address);
    transport.sendto(Buffer.from("from sock"));
    await hears.until(() => hears.got.length === 1);
    await close(hears, talks, third);
    stream.close();
  }),
);

test(
  "Unix sockets have them too, at paths and abstract names",
  onLoop(({ loop }) =>
    withFolder(async (folder) => {
      const path = join(folder, "socket");
      const [, hears] = await loop.createDatagramEndpoint(() => new Notes(loop), path);
      assert.ok(statSync(path).isSocket());
      const name = `\0wasyncio-datagram-${process.pid}`;
      const [, talks] = await loop.createDatagramEndpoint(() => new Notes(loop), name, path);
      talks.transport.sendto(Buffer.alloc(100_000, "a"));
      await hears.until(() => hears.got.length === 1);
      assert.is(hears.got[0]?.[0].length, 100_000);
      assert.is(hears.got[0]?.[1], name);
      hears.transport.sendto(Buffer.from("back"), name);
      await talks.until(() => talks.got.length === 1);
      assert.equal(talks.got, [["back", path]]);
      await close(hears, talks);
      assert.not.ok(existsSync(path), "the file goes with the endpoint");
    }),
  ),
);

test(
  "a stale Unix socket is replaced, a file is not",
  onLoop(({ loop }) =>
    withFolder(async (folder) => {
      const path = join(folder, "socket");
      const stale = new Socket(AF_UNIX, SOCK_DGRAM);
      stale.bind(path);
      stale.close();
      const [transport] = await loop.createDatagramEndpoint(() => ({}), path);
      transport.close();
      const file = join(folder, "file");
      writeFileSync(file, "");
      assert.is((await rejectionOf(loop.createDatagramEndpoint(() => ({}), file))).code, "EADDRINUSE");
      assert.ok(existsSync(file));
    }),
  ),
);

test(
  "a factory that fails closes the socket, and removes its file",
  onLoop(({ loop }) =>
    withFolder(async (folder) => {
      const path = join(folder, "socket");
      const failing = (): never => {
        throw new Error("no protocol");
      };
      assert.is((await rejectionOf(loop.createDatagramEndpoint(failing, path))).message, "no protocol");
      assert.not.ok(existsSync(path));
      assert.is((await rejectionOf(loop.createDatagramEndpoint(failing, LOCAL))).message, "no protocol");
    }),
  ),
);

test(
  "nobody else gives the call a result, nor watches the socket",
  onLoop(async ({ loop }) => {
    const opening = loop.createDatagramEndpoint(() => ({}), LOCAL);
    assert.is(thrownBy(() => opening.setResult([] as never)).code, "ERR_OWN_RESULT");
    assert.is(thrownBy(() => opening.setException(new Error("mine"))).code, "ERR_OWN_RESULT");
    const [transport] = await opening;
    const socket = transport.getExtraInfo("socket");
    assert.is(thrownBy(() => loop.addReader(socket, () => {})).code, "ERR_FD_IN_USE");
    assert.match(String(transport), /^<DatagramTransport fd=\d+ bufsize=0>$/);
    transport.close();
    await iteration(loop);
    assert.match(String(transport), "closed");
  }),
);

test(
  "low-level calls receive and send them, with addresses and into buffers",
  onLoop(async ({ loop }) => {
    const one = new Socket(AF_INET, SOCK_DGRAM);
    const two = new Socket(AF_INET, SOCK_DGRAM);
    for (const socket of [one, two]) socket.bind(LOCAL);
    const waiting = loop.sockRecvfrom(two, 100);
    assert.is(await loop.sockSendto(one, Buffer.from("hello"), two.getsockname()), 5);
    const [data, address] = await waiting;
    assert.is(data.toString(), "hello");
    assert.equal(address, one.getsockname());

    const buffer = Buffer.alloc(10, ".");
    const into = loop.sockRecvfromInto(two, buffer, 4);
    await loop.sockSendto(one, Buffer.from("cut off"), two.getsockname());
    assert.equal(await into, [4, one.getsockname()]);
    assert.is(buffer.toString(), "cut ......");
    const whole = loop.sockRecvfromInto(two, buffer);
    await loop.sockSendto(one, Buffer.from("0123456789ab"), two.getsockname());
    assert.is((await whole)[0], 10);

    const received = loop.sockRecvInto(two, buffer.subarray(0, 3));
    await loop.sockSendto(one, Buffer.from("xyz"), two.getsockname());
    assert.is(await received, 3);
    assert.is(buffer.toString("latin1", 0, 3), "xyz");

    const busy = loop.sockRecvfrom(two, 1);
    assert.is(thrownBy(() => loop.sockRecvfrom(two, 1)).code, "ERR_SOCKET_BUSY");
    busy.cancel();
    assert.not.ok(loop.removeReader(two));
    closeAll(one, two);
  }),
);

test.run();
