/**
 * Sockets that are closed, or given away, by somebody else while a transport works on them.
 *
 * Does not own: what becomes of the number afterwards (socket-transport.test.ts), calls that wait (sock-calls.test.ts).
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AF_INET, AF_UNIX, SOCK_DGRAM } from "../../../host/constants.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import { pipe } from "../../../host/net/pipe.js";
import { Socket, socketpair } from "../../../host/net/socket.js";
import { leakChecked } from "../../support/leaks.js";
import { closeAll } from "../../support/sockets.js";
import { Notes } from "./datagram-notes.js";
import { nodeClient, onLoop, portOf, Recorder } from "./support.js";

const test = leakChecked(suite("sockets closed under their transports"));

/** Ways to lose a socket. What is given away has to be closed by whoever has it then. */
const WAYS: [name: string, lose: (sock: Socket) => void][] = [
  ["closed", (sock) => sock.close()],
  [
    "given away",
    (sock) => {
      const { family, type } = sock;
      new Socket(family, type, undefined, { fileno: sock.detach() }).close();
    },
  ],
];

for (const [way, lose] of WAYS) {
  test(
    `a connection whose socket is ${way} ends with an error if something waits to be sent, else when it is closed`,
    onLoop(async ({ loop }) => {
      for (const size of [0, 10, 5_000_000]) {
        for (const isClosing of [false, true]) {
          const [sock, peer] = socketpair();
          const [transport, protocol] = await loop.createConnection(() => new Recorder(loop), null, null, { sock });
          transport.write(Buffer.alloc(size));
          if (isClosing) transport.close();
          lose(sock);
          const isCutOff = size > 10;
          if (!isCutOff) transport.close();
          assert.is(((await protocol.lost) as NodeJS.ErrnoException | null)?.code, isCutOff ? "EBADF" : undefined);
          assert.ok(transport.isClosing());
          assert.is(transport.getWriteBufferSize(), 0);
          let received = 0;
          for (;;) {
            const data = await loop.sockRecv(peer, 100_000);
            if (data.length === 0) break;
            received += data.length;
          }
          assert.ok(isCutOff ? received < size : received === size);
          peer.close();
        }
      }
    }),
  );

  test(
    `an endpoint of datagrams whose socket is ${way} ends with an error if one waits to be sent, else when it is closed`,
    onLoop(async ({ loop }) => {
      for (const isFull of [false, true]) {
        for (const isClosing of [false, true]) {
          const [sock, peer] = socketpair(AF_UNIX, SOCK_DGRAM);
          const [transport, protocol] = await loop.createDatagramEndpoint(() => new Notes(loop), null, null, { sock });
          while (isFull && transport.getWriteBufferSize() === 0) transport.sendto(Buffer.from("filler"));
          if (isClosing) transport.close();
          lose(sock);
          if (!isFull) transport.close();
          assert.is(((await protocol.lost) as NodeJS.ErrnoException | null)?.code, isFull ? "EBADF" : undefined);
          assert.is(transport.getWriteBufferSize(), 0);
          assert.equal(protocol.errors, []);
          peer.close();
        }
      }
    }),
  );
}

test(
  "a server does not wait for ever for a connection whose socket is closed before everything is sent",
  onLoop(async ({ loop }) => {
    const served = new Recorder(loop);
    const server = await loop.createServer(() => served, "127.0.0.1", 0);
    const client = (await nodeClient(portOf(server))).pause();
    await served.made;
    served.transport.write(Buffer.alloc(20_000_000));
    server.closeClients();
    served.transport.getExtraInfo("socket")?.close();
    server.close();
    await server.waitClosed();
    assert.is(served.trace.join(), "CM,PW,CL");
    client.destroy();
  }),
);

test(
  "what datagramReceived has sent before it closes the socket arrives",
  onLoop(async ({ loop }) => {
    const [one, two] = [new Socket(AF_INET, SOCK_DGRAM), new Socket(AF_INET, SOCK_DGRAM)];
    for (const sock of [one, two]) sock.bind({ host: "127.0.0.1", port: 0 });
    const protocol = new Notes(loop);
    protocol.datagramReceived = (data, address) => {
      if (one.closed) return;
      protocol.transport.sendto(data, address);
      one.close();
    };
    for (const text of ["first", "second"]) two.sendto(Buffer.from(text), one.getsockname());
    await loop.createDatagramEndpoint(() => protocol, null, null, { sock: one });
    assert.is(String(await loop.sockRecv(two, 10)), "first");
    protocol.transport.close();
    assert.is(await protocol.lost, null);
    assert.equal(protocol.errors, []);
    two.close();
  }),
);

test(
  "a pipe that is closed ends with an error if something waits to be written, else when its transport is closed",
  onLoop(async ({ loop }) => {
    for (const size of [10, 1_000_000]) {
      const [reader, writer] = pipe();
      const protocol = new Recorder(loop);
      const [transport] = await loop.connectWritePipe(() => protocol as never, writer);
      transport.write(Buffer.alloc(size));
      writer.close();
      transport.close();
      assert.is(((await protocol.lost) as NodeJS.ErrnoException | null)?.code, size > 10 ? "EBADF" : undefined);
      reader.close();
    }
  }),
);

test("a socket of a closed loop is closed without anybody being told", async () => {
  const loop = new EventLoop();
  const [sock, peer] = socketpair();
  const protocol = new Recorder(loop);
  const notes = new Notes(loop);
  const endpoint = await loop.runUntilComplete(
    loop.createTask(async () => {
      await loop.createConnection(() => protocol, null, null, { sock });
      const [transport] = await loop.createDatagramEndpoint(() => notes, null, null, { family: AF_INET });
      return transport.getExtraInfo("socket");
    }),
  );
  loop.close();
  closeAll(sock, endpoint, peer);
  assert.is(protocol.trace.join(), "CM");
  assert.is(notes.trace.join(), "CM");
});

test.run();
