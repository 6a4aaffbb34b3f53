/**
 * Endpoints of datagrams: held against what libuv's test-udp-*.c ask of its own.
 *
 * Does not own: what datagram.test.ts, datagram-arms.test.ts and uvloop-udp.test.ts say already.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AF_INET6, IPPROTO_IPV6, IPV6_V6ONLY, SHUT_RDWR, SOCK_DGRAM } from "../../../host/constants.js";
import type { EventLoop } from "../../../host/loop/event-loop.js";
import type { Address, InetAddress } from "../../../host/net/address.js";
import type { DatagramAddress } from "../../../host/net/datagram-endpoint.js";
import { Socket } from "../../../host/net/socket.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";
import { addressOf, close, Notes } from "./datagram-notes.js";
import { onLoop, rejectionOf } from "./support.js";

const test = leakChecked(suite("endpoints of datagrams, as libuv tests them"));

const LOCAL = { host: "127.0.0.1", port: 0 };
const NO_INTERFACE = 0x7ffffff0;

async function endpoint(loop: EventLoop, local: DatagramAddress | null, remote?: DatagramAddress): Promise<Notes> {
  const [, notes] = await loop.createDatagramEndpoint(() => new Notes(loop), local, remote);
  return notes;
}

/** An address where nobody is any more. */
async function deserted(loop: EventLoop): Promise<InetAddress> {
  const gone = await endpoint(loop, LOCAL);
  const address = addressOf(gone.transport);
  await close(gone);
  return address;
}

test(
  "an address is on the interface that its scopeId names, for either side",
  onLoop(async ({ loop }) => {
    const local = loop.createDatagramEndpoint(() => ({}), { host: "fe80::1", port: 0, scopeId: NO_INTERFACE });
    assert.is((await rejectionOf(local)).code, "ENODEV");
    const remote = loop.createDatagramEndpoint(() => ({}), null, { host: "ff02::1", port: 9, scopeId: NO_INTERFACE });
    // Without an interface it is EINVAL.
    assert.ok(["ENODEV", "ENETUNREACH"].includes((await rejectionOf(remote)).code as string));
    for (const bad of [{ scopeId: -1 }, { scopeId: 0.5 }, { flowinfo: 0x100000 }]) {
      const address = { host: "::1", port: 0, ...bad };
      assert.is(thrownBy(() => loop.createDatagramEndpoint(() => ({}), address)).code, "ERR_OUT_OF_RANGE");
      assert.is(thrownBy(() => loop.createDatagramEndpoint(() => ({}), null, address)).code, "ERR_OUT_OF_RANGE");
    }
  }),
);

test(
  "the largest datagram arrives, a larger one is an error of the protocol's, and the endpoint goes on",
  onLoop(async ({ loop }) => {
    const hears = await endpoint(loop, LOCAL);
    const own = addressOf(hears.transport);
    for (const size of [65508, 65507, 1 << 20, 0]) hears.transport.sendto(Buffer.alloc(size, "x"), own);
    await hears.until(() => hears.got.length === 2);
    assert.equal(
      hears.texts.map((text) => text.length),
      [65507, 0],
    );
    assert.equal(
      hears.errors.map(({ code }) => code),
      ["EMSGSIZE", "EMSGSIZE"],
    );
    await close(hears);
  }),
);

test(
  "that nobody takes are an error to a connected endpoint, each time, and the last one may close it",
  onLoop(async ({ loop }) => {
    const talks = await endpoint(loop, null, await deserted(loop));
    for (let count = 1; count <= 3; count++) {
      talks.transport.sendto(Buffer.from("anybody?"));
      await talks.until(() => talks.errors.length === count);
    }
    assert.equal(
      talks.errors.map(({ code }) => code),
      ["ECONNREFUSED", "ECONNREFUSED", "ECONNREFUSED"],
    );
    talks.errorReceived = () => talks.transport.close();
    talks.transport.sendto(Buffer.from("nobody"));
    assert.is(await talks.lost, null);
  }),
);

test(
  "one of IPv6 hears and answers senders of IPv4, unless it is told not to",
  onLoop(async ({ loop }) => {
    for (const only of [0, 1]) {
      const sock = new Socket(AF_INET6, SOCK_DGRAM);
      sock.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, only);
      sock.bind({ host: "::", port: 0 });
      const { port } = sock.getsockname() as InetAddress;
      const [, hears] = await loop.createDatagramEndpoint(() => new Notes(loop), null, null, { sock });
      const talks = await endpoint(loop, null, { host: "127.0.0.1", port });
      talks.transport.sendto(Buffer.from("four"));
      if (only) {
        await talks.until(() => talks.errors.length === 1);
        assert.equal([talks.errors[0]?.code, hears.got.length], ["ECONNREFUSED", 0]);
      } else {
        await hears.until(() => hears.got.length === 1);
        const sender = (hears.got[0] as [string, InetAddress])[1];
        assert.is(sender.host, "::ffff:127.0.0.1");
        hears.transport.sendto(Buffer.from("six"), sender);
        await talks.until(() => talks.got.length === 1);
        assert.equal(talks.got, [["six", { host: "127.0.0.1", port }]]);
      }
      await close(hears, talks);
    }
  }),
);

test(
  "a socket that was shut down by hand tells of it with the next datagram, and can be closed",
  onLoop(async ({ loop }) => {
    const hears = await endpoint(loop, LOCAL);
    const talks = await endpoint(loop, null, addressOf(hears.transport));
    talks.transport.getExtraInfo("socket").shutdown(SHUT_RDWR);
    talks.transport.sendto(Buffer.from("too late"));
    await talks.until(() => talks.errors.length === 1);
    assert.is(talks.errors[0]?.code, "EPIPE");
    await close(hears, talks);
    assert.equal(hears.got, []);
  }),
);

test(
  "everybody on this machine hears what is sent to its broadcast address",
  onLoop(async ({ loop }) => {
    const hears = await endpoint(loop, { host: "0.0.0.0", port: 0 });
    const everybody: Address = { host: "127.255.255.255", port: addressOf(hears.transport).port };
    const forbidden = await endpoint(loop, LOCAL);
    forbidden.transport.sendto(Buffer.from("may not"), everybody);
    assert.is(forbidden.errors[0]?.code, "EACCES");
    const options = { allowBroadcast: true };
    const [, talks] = await loop.createDatagramEndpoint(() => new Notes(loop), LOCAL, null, options);
    talks.transport.sendto(Buffer.from("may"), everybody);
    await hears.until(() => hears.got.length === 1);
    assert.equal(hears.texts, ["may"]);
    await close(hears, forbidden, talks);
  }),
);

test.run();
