/** Numeric hosts as bytes, and the groups of multicast that they are needed for, as libuv and trio test them. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  IP_ADD_MEMBERSHIP,
  IP_DROP_MEMBERSHIP,
  IP_MULTICAST_IF,
  IPPROTO_IP,
  SO_REUSEADDR,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "../../../host/constants.js";
import type { EventLoop } from "../../../host/loop/event-loop.js";
import { ifNametoindex, inetNtop, inetPton } from "../../../host/net/numeric-hosts.js";
import { Socket } from "../../../host/net/socket.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";
import { addressOf, close, Notes } from "./datagram-notes.js";
import { onLoop } from "./support.js";

const test = leakChecked(suite("numeric hosts"));

const GROUP = "239.255.0.2";
const MEMBERSHIP = Buffer.concat([inetPton(AF_INET, GROUP), inetPton(AF_INET, "127.0.0.1")]);

test("go to bytes and back", () => {
  assert.equal([...inetPton(AF_INET, "239.1.2.3")], [239, 1, 2, 3]);
  assert.is(inetNtop(AF_INET, Buffer.from([239, 1, 2, 3])), "239.1.2.3");
  const loopback = inetPton(AF_INET6, "0:0::1");
  // Each answer has its own bytes.
  assert.is(inetPton(AF_INET6, "ff02::fb").toString("hex"), `ff02${"0".repeat(26)}fb`);
  assert.is(loopback.toString("hex"), `${"0".repeat(31)}1`);
  assert.is(inetNtop(AF_INET6, loopback), "::1");
  assert.ok(ifNametoindex("lo") > 0);
});

test("are refused where they are none", () => {
  for (const [call, code] of [
    [() => inetPton(AF_INET, "localhost"), "ERR_INVALID_ADDRESS"],
    [() => inetPton(AF_INET, ""), "ERR_INVALID_ADDRESS"],
    [() => inetPton(AF_INET6, "127.0.0.1"), "ERR_INVALID_ADDRESS"],
    [() => inetPton(AF_INET6, "fe80::1%lo"), "ERR_INVALID_ADDRESS"],
    [() => inetPton(AF_UNIX, "path"), "ERR_INVALID_ADDRESS"],
    [() => inetPton(AF_INET, 1 as never), "ERR_INVALID_ARG_TYPE"],
    [() => inetNtop(AF_INET, Buffer.alloc(16)), "ERR_INVALID_ADDRESS"],
    [() => inetNtop(AF_INET6, "::1" as never), "ERR_INVALID_ARG_TYPE"],
    [() => ifNametoindex("no such interface"), "ENODEV"],
    [() => ifNametoindex("lo\0"), "ENODEV"],
    [() => ifNametoindex(1 as never), "ERR_INVALID_ARG_TYPE"],
  ] as const) {
    assert.is(thrownBy(call).code, code);
  }
});

/** An endpoint that is a member of the group, beside others on the same port. */
async function member(loop: EventLoop, port: number): Promise<Notes> {
  const sock = new Socket(AF_INET, SOCK_DGRAM);
  sock.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1);
  sock.bind({ host: GROUP, port });
  sock.setsockopt(IPPROTO_IP, IP_ADD_MEMBERSHIP, MEMBERSHIP);
  const [, notes] = await loop.createDatagramEndpoint(() => new Notes(loop), null, null, { sock });
  return notes;
}

test(
  "name a group, all of whose members on this machine hear what is sent to it, until they leave",
  onLoop(async ({ loop }) => {
    const first = await member(loop, 0);
    const { port } = addressOf(first.transport);
    const second = await member(loop, port);
    const [, talks] = await loop.createDatagramEndpoint(() => new Notes(loop), { host: "127.0.0.1", port: 0 });
    talks.transport.getExtraInfo("socket").setsockopt(IPPROTO_IP, IP_MULTICAST_IF, inetPton(AF_INET, "127.0.0.1"));
    talks.transport.sendto(Buffer.from("to all"), { host: GROUP, port });
    for (const each of [first, second]) await each.until(() => each.got.length === 1);
    for (const each of [first, second]) {
      each.transport.getExtraInfo("socket").setsockopt(IPPROTO_IP, IP_DROP_MEMBERSHIP, MEMBERSHIP);
    }
    talks.transport.sendto(Buffer.from("to nobody"), { host: GROUP, port });
    await close(first, second, talks);
    assert.equal([first.texts, second.texts, talks.errors], [["to all"], ["to all"], []]);
  }),
);

test.run();
