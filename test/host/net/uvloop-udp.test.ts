/**
 * Endpoints of datagrams, held against the checks of uvloop's own: tests/test_udp.py.
 *
 * Does not own: what datagram.test.ts and datagram-arms.test.ts say already.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AF_INET, AF_INET6, AF_UNIX, SOCK_DGRAM } from "../../../host/constants.js";
import { ValueError } from "../../../host/errors.js";
import { Socket, socketpair } from "../../../host/net/socket.js";
import { leakChecked } from "../../support/leaks.js";
import { closeAll, thrownBy } from "../../support/sockets.js";
import { Notes } from "./datagram-notes.js";
import { onLoop, portIn } from "./support.js";

const test = leakChecked(suite("endpoints of datagrams, as uvloop tests them"));

const LOCAL = { host: "127.0.0.1", port: 0 };
const BROADCAST = "<broadcast>";

test(
  "one of a pair without names is told of no sender, and answers without an address",
  onLoop(async ({ loop }) => {
    const [sock, peer] = socketpair(AF_UNIX, SOCK_DGRAM);
    const [transport, protocol] = await loop.createDatagramEndpoint(() => new Notes(loop), null, null, { sock });
    peer.send(Buffer.from("hello, socketpair"));
    await protocol.until(() => protocol.got.length === 1);
    assert.equal(protocol.got, [["hello, socketpair", null]]);
    transport.sendto(Buffer.from("hello, peer"));
    assert.is(String(await loop.sockRecv(peer, 100)), "hello, peer");
    transport.close();
    assert.is(await protocol.lost, null);
    peer.close();
  }),
);

test(
  "the address of the only peer may be given, and neither its name nor any other",
  onLoop(async ({ loop }) => {
    const [hearing, hears] = await loop.createDatagramEndpoint(() => new Notes(loop), LOCAL);
    const port = portIn(hearing.getExtraInfo("sockname"));
    const [transport, talks] = await loop.createDatagramEndpoint(() => new Notes(loop), null, {
      host: "localhost",
      port,
    });
    transport.sendto(Buffer.from("first"));
    transport.sendto(Buffer.from("second"), { host: "127.0.0.1", port });
    for (const host of ["localhost", "127.0.0.2", "", BROADCAST, "::1"]) {
      const error = thrownBy(() => transport.sendto(Buffer.from("third"), { host, port }));
      assert.instance(error, ValueError, host);
      assert.is(error.code, "ERR_INVALID_ADDRESS", host);
    }
    await hears.until(() => hears.got.length === 2);
    assert.equal(hears.texts, ["first", "second"]);
    closeAll(hearing, transport);
    assert.equal([await hears.lost, await talks.lost], [null, null]);
  }),
);

test(
  "names and addresses of another family are refused at the call, and the endpoint goes on",
  onLoop(async ({ loop }) => {
    const [transport, protocol] = await loop.createDatagramEndpoint(() => new Notes(loop), LOCAL);
    const own = transport.getExtraInfo("sockname");
    for (const host of ["example.com", "localhost", "::1"]) {
      const error = thrownBy(() => transport.sendto(Buffer.from("lost"), { host, port: 80 }));
      assert.instance(error, ValueError, host);
    }
    transport.sendto(Buffer.from("to itself"), own);
    await protocol.until(() => protocol.got.length === 1);
    assert.equal(protocol.got, [["to itself", own]]);
    assert.equal(protocol.errors, []);
    transport.close();
    assert.is(await protocol.lost, null);
  }),
);

test(
  "<broadcast> is everybody's address, for endpoints and sockets, frozen or not, and no name of IPv6",
  onLoop(async ({ loop }) => {
    const everybody = { host: BROADCAST, port: 9 };
    const [transport, protocol] = await loop.createDatagramEndpoint(() => new Notes(loop), LOCAL);
    for (const address of [everybody, Object.freeze({ ...everybody }), everybody]) {
      transport.sendto(Buffer.from("nobody may"), address);
    }
    // The socket may not send there: the kernel's error tells where that was.
    assert.equal(
      protocol.errors.map((error) => (error as { address?: unknown }).address),
      ["255.255.255.255", "255.255.255.255", "255.255.255.255"],
    );
    transport.close();
    const sock = new Socket(AF_INET, SOCK_DGRAM);
    sock.bind({ host: BROADCAST, port: 0 });
    assert.is((sock.getsockname() as { host: string }).host, "255.255.255.255");
    const error = await loop.sockSendto(sock, Buffer.from("nobody may"), everybody).catch((reason) => reason);
    assert.is(error.address, "255.255.255.255");
    const six = new Socket(AF_INET6, SOCK_DGRAM);
    assert.is(thrownBy(() => six.sendto(Buffer.from("x"), everybody)).code, "ERR_INVALID_ADDRESS");
    closeAll(sock, six);
    assert.is(await protocol.lost, null);
  }),
);

test.run();
