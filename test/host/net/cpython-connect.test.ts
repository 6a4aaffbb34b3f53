/**
 * Addresses of connections and servers, held against the checks of CPython's own: Lib/test/test_asyncio/test_base_events.py and
 * test_events.py of 3.11.
 *
 * Does not own: what connect.test.ts, create-server.test.ts and lookups.test.ts say already.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AF_INET } from "../../../host/constants.js";
import { Socket } from "../../../host/net/socket.js";
import { leakChecked } from "../../support/leaks.js";
import { closeAll, listener } from "../../support/sockets.js";
import { iteration, onLoop, portIn, portOf, Recorder, rejectionOf } from "./support.js";

const test = leakChecked(suite("addresses, as CPython tests them"));

test(
  "a socket that is not connected is taken over, and lost as soon as it is read",
  onLoop(async ({ loop }) => {
    const sock = new Socket();
    const [transport, protocol] = await loop.createConnection(() => new Recorder(loop), null, null, { sock });
    assert.is(((await protocol.lost) as NodeJS.ErrnoException).code, "ENOTCONN");
    assert.equal(protocol.trace, ["CM", "CL"]);
    assert.ok(transport.isClosing());
    assert.is(transport.getExtraInfo("peername"), null);
    await iteration(loop);
    assert.ok(sock.closed);
  }),
);

test(
  "no port and an empty one are port 0, to which nobody connects, and which finds a free one to listen on",
  onLoop(async ({ loop }) => {
    for (const port of [null, "", "0", 0]) {
      const refused = await rejectionOf(loop.createConnection(() => new Recorder(loop), "127.0.0.1", port));
      assert.is(refused.message, "connect ECONNREFUSED 127.0.0.1:0");
      const server = await loop.createServer(() => new Recorder(loop), "127.0.0.1", port);
      assert.ok(portOf(server) > 0);
      server.close();
    }
  }),
);

test(
  "a service that is none, and an empty host, fail both calls",
  onLoop(async ({ loop }) => {
    const connect = (host: string, port: string | number) =>
      rejectionOf(loop.createConnection(() => new Recorder(loop), host, port));
    assert.is((await connect("127.0.0.1", "nonsense")).code, "EAI_SERVICE");
    assert.is((await connect("", 80)).code, "ENOTFOUND");
    const listening = loop.createServer(() => new Recorder(loop), "127.0.0.1", "nonsense");
    assert.is((await rejectionOf(listening)).code, "EAI_SERVICE");
  }),
);

test(
  "one host that nobody knows fails the whole server, and the others are given back",
  onLoop(async ({ loop }) => {
    const server = loop.createServer(() => new Recorder(loop), ["127.0.0.1", "no-such-host.invalid"], 0);
    assert.match((await rejectionOf(server)).code ?? "", /^E(NOTFOUND|AI_AGAIN)$/);
  }),
);

test(
  "localAddr without a host is this machine, by the family of each address that is tried",
  onLoop(async ({ loop }) => {
    const listening = listener();
    const port = portIn(listening.getsockname());
    const localAddr = { host: null, port: 0 };
    const [transport, protocol] = await loop.createConnection(() => new Recorder(loop), "127.0.0.1", port, {
      localAddr,
    });
    const [accepted, peer] = listening.accept();
    assert.equal(peer, transport.getExtraInfo("sockname"));
    assert.is((peer as { host: string }).host, "127.0.0.1");
    transport.abort();
    await protocol.lost;
    closeAll(accepted, listening);
  }),
);

test(
  "a localAddr that is not ours, or that nobody knows, fails the call",
  onLoop(async ({ loop }) => {
    const from = (host: string) => {
      const options = { localAddr: { host, port: 0 }, family: AF_INET };
      return rejectionOf(loop.createConnection(() => new Recorder(loop), "127.0.0.1", 1, options));
    };
    const notOurs = await from("203.0.113.1");
    assert.is(notOurs.code, "EADDRNOTAVAIL");
    assert.match(notOurs.message, "203.0.113.1:0");
    assert.match((await from("no-such-host.invalid")).code ?? "", /^E(NOTFOUND|AI_AGAIN)$/);
    assert.is((await from("")).code, "ENOTFOUND");
  }),
);

test(
  "a server that is closed, or has not started, refuses",
  onLoop(async ({ loop }) => {
    for (const startServing of [true, false]) {
      const server = await loop.createServer(() => new Recorder(loop), "127.0.0.1", 0, { startServing });
      const port = portOf(server);
      if (startServing) server.close();
      const refused = await rejectionOf(loop.createConnection(() => new Recorder(loop), "127.0.0.1", port));
      assert.is(refused.code, "ECONNREFUSED");
      server.close();
    }
  }),
);

test(
  "a factory that cancels the call that it is for has its connection closed",
  onLoop(async ({ loop }) => {
    const listening = listener();
    const protocol = new Recorder(loop);
    const call = loop.createConnection(
      () => {
        assert.ok(call.cancel());
        return protocol;
      },
      "localhost",
      portIn(listening.getsockname()),
      { family: AF_INET },
    );
    assert.is((await rejectionOf(call)).code, "ERR_CANCELLED");
    assert.is(await protocol.lost, null);
    assert.equal(protocol.trace, ["CM", "CL"]);
    const [accepted] = listening.accept();
    assert.is((await loop.sockRecv(accepted, 1)).length, 0);
    closeAll(accepted, listening);
  }),
);

test.run();
