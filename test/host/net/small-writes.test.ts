/** Small writes of one iteration leave in one system call, in order, and nothing that was written is ever forgotten. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { KeyboardInterrupt } from "../../../host/errors.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import { Outbox } from "../../../host/net/outbox.js";
import { Socket, socketpair } from "../../../host/net/socket.js";
import type { Transport } from "../../../host/net/transport.js";
import { EPIPE } from "../../../host/sys/errno.js";
import { type Script, ScriptedKernel, type ScriptedPeer } from "../../support/fake-selector/scripted-kernel.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";
import { scriptedLoop } from "./arms.js";
import { iteration, onLoop, Recorder } from "./support.js";

const test = leakChecked(suite("small writes"));

interface Connection {
  readonly transport: Transport;
  readonly protocol: Recorder;
  readonly peer: ScriptedPeer;
}

interface Scene {
  readonly loop: EventLoop;
  connect(): Promise<Connection>;
  /** The system calls that have sent something since it was asked last. */
  sends(): string[];
}

/** A test inside a callback of a loop on a scripted kernel. */
function onKernel(body: (scene: Scene) => Promise<void>, capacity?: number, script?: Script): () => Promise<void> {
  return async () => {
    const kernel = new ScriptedKernel(script);
    const loop = scriptedLoop(kernel);
    const connect = async (): Promise<Connection> => {
      const [fd, peer] = kernel.connection(capacity);
      const sock = new Socket(undefined, undefined, undefined, { fileno: fd });
      const protocol = new Recorder(loop);
      const [transport] = await loop.createConnection(() => protocol, null, null, { sock });
      return { transport, protocol, peer };
    };
    const sends = (): string[] => kernel.log.splice(0).filter((call) => call.startsWith("send"));
    try {
      await loop.runUntilComplete(loop.createTask(() => body({ loop, connect, sends })));
    } finally {
      loop.close();
      kernel.uninstall();
    }
  };
}

/** Calls inside an iteration, and waits until that is over. */
async function inIteration(loop: EventLoop, call: () => void): Promise<void> {
  loop.callSoon(call);
  await iteration(loop);
  await iteration(loop);
}

async function end({ transport, protocol }: Connection): Promise<void> {
  transport.abort();
  await protocol.lost;
}

test(
  "of one transport leave in one system call",
  onKernel(async ({ loop, connect, sends }) => {
    const made = await connect();
    sends();
    await inIteration(loop, () => {
      for (const text of ["GET ", "/", " HTTP/1.1\r\n", "\r\n"]) made.transport.write(Buffer.from(text));
      made.transport.writeLines([Buffer.from("one"), Buffer.from("two")]);
    });
    assert.is(sends().length, 1);
    assert.is(made.peer.read().toString(), "GET / HTTP/1.1\r\n\r\nonetwo");
    await end(made);
  }),
);

test(
  "of several callbacks of an iteration too, and those of the next one do not",
  onKernel(async ({ loop, connect, sends }) => {
    const made = await connect();
    sends();
    loop.callSoon(() => made.transport.write(Buffer.from("a")));
    await inIteration(loop, () => {
      made.transport.write(Buffer.from("b"));
      loop.callSoon(() => made.transport.write(Buffer.from("c")));
    });
    assert.is(sends().length, 2);
    assert.is(made.peer.read().toString(), "abc");
    await end(made);
  }),
);

test(
  "of many transports, mixed, leave in one system call each",
  onKernel(async ({ loop, connect, sends }) => {
    const made = [await connect(), await connect(), await connect()];
    sends();
    await inIteration(loop, () => {
      for (let round = 0; round < 5; round++) {
        for (const [index, { transport }] of made.entries()) transport.write(Buffer.from(`${index}.${round} `));
      }
    });
    assert.is(sends().length, 3);
    for (const [index, { peer }] of made.entries()) {
      assert.is(peer.read().toString(), [0, 1, 2, 3, 4].map((round) => `${index}.${round} `).join(""));
    }
    for (const each of made) await end(each);
  }),
);

test(
  "are sent as they were at the call",
  onKernel(async ({ loop, connect }) => {
    const made = await connect();
    await inIteration(loop, () => {
      const bytes = Buffer.from("then");
      made.transport.write(bytes);
      bytes.fill("X");
    });
    assert.is(made.peer.read().toString(), "then");
    await end(made);
  }),
);

test(
  "are not sent by describing their transport",
  onKernel(async ({ loop, connect, sends }) => {
    const made = await connect();
    sends();
    await inIteration(loop, () => {
      made.transport.write(Buffer.from("held"));
      assert.match(String(made.transport), "bufsize=4>");
      assert.equal(sends(), []);
    });
    assert.match(String(made.transport), "bufsize=0>");
    await end(made);
  }),
);

test(
  "keep their place before and behind large ones",
  onKernel(async ({ loop, connect, sends }) => {
    const made = await connect();
    sends();
    const large = Buffer.alloc(20_000, "large");
    await inIteration(loop, () => {
      made.transport.write(Buffer.from("before"));
      made.transport.write(large);
      made.transport.write(Buffer.from("behind"));
    });
    assert.is(sends().length, 3);
    assert.is(made.peer.read().toString(), `before${large}behind`);
    await end(made);
  }),
);

test(
  "are sent before the stream or the connection ends",
  onKernel(async ({ loop, connect }) => {
    for (const ending of ["writeEof", "close", "abort"] as const) {
      const made = await connect();
      await inIteration(loop, () => {
        made.transport.write(Buffer.from("last words"));
        made.transport[ending]();
      });
      assert.is(made.peer.read().toString(), "last words", ending);
      assert.ok(made.peer.ended, ending);
      await end(made);
      assert.is(await made.protocol.lost, null);
    }
  }),
);

test(
  "that the kernel does not take wait, and the protocol is told when it is too much",
  onKernel(async ({ loop, connect }) => {
    const made = await connect();
    made.transport.setWriteBufferLimits({ high: 15 });
    await inIteration(loop, () => {
      for (let count = 0; count < 3; count++) made.transport.write(Buffer.from("0123456789"));
      assert.equal(made.protocol.trace, ["CM"]);
    });
    assert.equal(made.protocol.trace, ["CM", "PW"]);
    assert.is(made.transport.getWriteBufferSize(), 20);
    assert.is(made.peer.read().length, 10);
    await iteration(loop);
    await iteration(loop);
    assert.is(made.peer.read().length, 10);
    await end(made);
  }, 10),
);

test(
  "are judged by what the kernel has not taken when the size of the buffer is asked for",
  onKernel(async ({ loop, connect }) => {
    const made = await connect();
    await inIteration(loop, () => {
      made.transport.write(Buffer.from("0123456789"));
      assert.is(made.transport.getWriteBufferSize(), 0);
      made.transport.write(Buffer.from("0123456789"));
      assert.is(made.transport.getWriteBufferSize(), 10);
    });
    await end(made);
  }, 10),
);

test("that fail end the connection once, with their error", async () => {
  let broken = false;
  const script: Script = (operation) => (broken && operation === "send" ? { errno: EPIPE } : null);
  await onKernel(
    async ({ loop, connect }) => {
      const made = await connect();
      broken = true;
      await inIteration(loop, () => {
        made.transport.write(Buffer.from("a"));
        made.transport.write(Buffer.from("b"));
      });
      assert.is(((await made.protocol.lost) as NodeJS.ErrnoException).code, "EPIPE");
      assert.equal(made.protocol.trace, ["CM", "CL"]);
    },
    undefined,
    script,
  )();
});

test("that a fatal error of another protocol comes between are sent when the loop runs again", async () => {
  const kernel = new ScriptedKernel();
  const loop = scriptedLoop(kernel);
  const [[fd, peer], [otherFd]] = [kernel.connection(), kernel.connection(1)];
  const transportOn = async (fileno: number, protocol: Recorder): Promise<Transport> => {
    const sock = new Socket(undefined, undefined, undefined, { fileno });
    return (await loop.runUntilComplete(loop.createConnection(() => protocol, null, null, { sock })))[0];
  };
  const fatal = new KeyboardInterrupt();
  const other = new Recorder(loop);
  other.pauseWriting = () => {
    throw fatal;
  };
  const transports = [await transportOn(otherFd, other), await transportOn(fd, new Recorder(loop))];
  transports[0]?.setWriteBufferLimits({ high: 0 });
  loop.callSoon(() => {
    for (const each of transports) each.write(Buffer.from("ab"));
    loop.stop();
  });
  assert.is(await loop.runForever().catch((error) => error), fatal);
  loop.stop();
  await loop.runForever();
  assert.is(peer.read().toString(), "ab");
  for (const each of transports) each.abort();
  loop.stop();
  await loop.runForever();
  loop.close();
  kernel.uninstall();
});

test(
  "outside of an iteration are sent at once",
  onLoop(async ({ loop }) => {
    const [sock, peer] = socketpair();
    const protocol = new Recorder(loop);
    const [transport] = await loop.createConnection(() => protocol, null, null, { sock });
    await new Promise((resolve) => setTimeout(resolve, 2));
    transport.write(Buffer.from("now"));
    assert.is(peer.recv(9).toString(), "now");
    await inIteration(loop, () => {
      transport.write(Buffer.from("later"));
      assert.is(thrownBy(() => peer.recv(9)).code, "EAGAIN");
    });
    assert.is(peer.recv(9).toString(), "later");
    peer.close();
    await protocol.lost;
  }),
);

test("of an async function are sent although its task ends the run", async () => {
  const loop = new EventLoop();
  const [sock, peer] = socketpair();
  const fatal = new KeyboardInterrupt();
  const main = loop.createTask(async () => {
    const [transport] = await loop.createConnection(() => new Recorder(loop), null, null, { sock });
    transport.write(Buffer.from("bye"));
    throw fatal;
  });
  assert.is(await loop.runUntilComplete(main).catch((error) => error), fatal);
  assert.is(peer.recv(9).toString(), "bye");
  loop.close();
  sock.close();
  peer.close();
});

test("of a run that blocks leave before it waits, and before it ends", async () => {
  const loop = new EventLoop();
  const [sock, peer] = socketpair();
  const protocol = new Recorder(loop);
  const [transport] = loop.runUntilCompleteSync(loop.createConnection(() => protocol, null, null, { sock }));
  loop.callSoon(() => {
    transport.write(Buffer.from("a"));
    transport.write(Buffer.from("b"));
  });
  loop.addReader(peer, () => {
    assert.is(peer.recv(9).toString(), "ab");
    transport.write(Buffer.from("c"));
    loop.removeReader(peer);
    loop.stop();
  });
  loop.runForeverSync();
  assert.is(peer.recv(9).toString(), "c");
  transport.abort();
  loop.stop();
  loop.runForeverSync();
  loop.close();
  peer.close();
});

test("an outbox that is full takes no more, and is empty when everybody has let go", () => {
  const outbox = new Outbox();
  const piece = Buffer.alloc(16 * 1024);
  const places = Array.from({ length: 17 }, () => outbox.add(0, 0, piece));
  assert.equal(
    places,
    Array.from({ length: 17 }, (_, index) => (index < 16 ? index * piece.length : -1)),
  );
  assert.is(outbox.add(0, piece.length, Buffer.alloc(1)), -1);
  for (let count = 0; count < 16; count++) outbox.release();
  assert.is(outbox.add(0, 0, piece), 0);
});

for (const thrower of ["dataReceived", "bufferUpdated", "eofReceived"]) {
  test(
    `are sent though ${thrower} throws right afterwards`,
    onLoop(async ({ loop }) => {
      loop.setExceptionHandler(() => {});
      const [ours, theirs] = socketpair();
      let transport: Transport;
      const fail = (): never => {
        transport.write(Buffer.from("400 Bad Request"));
        throw new Error("parse");
      };
      const buffered = { getBuffer: () => Buffer.alloc(10), bufferUpdated: fail };
      const protocol = thrower === "bufferUpdated" ? buffered : { [thrower]: fail };
      [transport] = await loop.connectAcceptedSocket(() => protocol, ours);
      if (thrower === "eofReceived") theirs.shutdown(1);
      else theirs.send(Buffer.from("x"));
      assert.is((await loop.sockRecv(theirs, 100)).toString(), "400 Bad Request");
      theirs.close();
    }),
  );
}

test(
  "are sent before anything that is done with the transport's socket",
  onLoop(async ({ loop }) => {
    const ways: [expected: string, use: (socket: Socket) => void][] = [
      ["bye", (socket) => socket.shutdown(1)],
      ["bye!", (socket) => void socket.send(Buffer.from("!"))],
      ["bye", (socket) => socket.close()],
    ];
    for (const [expected, use] of ways) {
      const [ours, theirs] = socketpair();
      const protocol = new Recorder(loop);
      const [transport] = await loop.connectAcceptedSocket(() => protocol, ours);
      loop.callSoon(() => {
        transport.write(Buffer.from("bye"));
        use(transport.getExtraInfo("socket") as Socket);
        transport.close();
      });
      let got = "";
      for (let data = await loop.sockRecv(theirs, 100); data.length > 0; data = await loop.sockRecv(theirs, 100))
        got += data;
      assert.is(got, expected);
      theirs.close();
      assert.is(await protocol.lost, null);
    }
  }),
);

test.run();
