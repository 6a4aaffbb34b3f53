import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FatalError } from "../../../host/errors.js";
import type { Future } from "../../../host/futures/future.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import type { PipeLike } from "../../../host/net/checks.js";
import { FileDescriptor, pipe } from "../../../host/net/pipe.js";
import { socketpair } from "../../../host/net/socket.js";
import type { ReadTransport } from "../../../host/net/transport-kinds.js";
import type { BufferedProtocol, StreamProtocol } from "../../../host/protocols.js";
import { isNonblocking, isOpen, setNonblocking } from "../../../host/sys/fd.js";
import { withFolder } from "../../support/folders.js";
import { leakChecked } from "../../support/leaks.js";
import { Peer } from "../../support/peers.js";
import { closeAll, thrownBy } from "../../support/sockets.js";
import { openTerminal } from "../../support/terminals.js";
import { iteration, onLoop, Recorder, rejectionOf } from "./support.js";

const test = leakChecked(suite("connectReadPipe"));

/** A transport that reads from a pipe, and the end to write to. */
async function reading<P extends StreamProtocol = Recorder>(
  loop: EventLoop,
  protocol: P = new Recorder(loop) as unknown as P,
): Promise<{ transport: ReadTransport; protocol: P; writer: FileDescriptor; reader: FileDescriptor }> {
  const [reader, writer] = pipe();
  const [transport] = await loop.connectReadPipe(() => protocol, reader);
  return { transport, protocol, writer, reader };
}

const CALLS = ["connectReadPipe", "connectWritePipe"] as const;

/** Either call, with arguments that may be wrong. */
function connectAny(loop: EventLoop, call: (typeof CALLS)[number], ...args: unknown[]): Future<unknown> {
  return (loop[call] as (...args: unknown[]) => Future<unknown>).apply(loop, args);
}

/** A pipe's ends: the one that the call is for, and the other one. */
function endsFor(call: (typeof CALLS)[number]): [mine: FileDescriptor, other: FileDescriptor] {
  const [reader, writer] = pipe();
  return call === "connectReadPipe" ? [reader, writer] : [writer, reader];
}

test(
  "who awaits it goes on before the first dataReceived, and the end is connectionLost",
  onLoop(async ({ loop }) => {
    const [reader, writer] = pipe();
    writer.write(Buffer.from("hello"));
    writer.close();
    const protocol = new Recorder(loop);
    const [transport, same] = await loop.connectReadPipe(() => protocol, reader);
    protocol.trace.push("returned");
    assert.is(same, protocol);
    assert.is(transport, protocol.transport as unknown);
    assert.is(await protocol.lost, null);
    assert.equal(protocol.trace, ["CM", "returned", "DR", "ER", "CL"]);
    assert.is(protocol.text, "hello");
    assert.ok(reader.closed);
    assert.ok(transport.isClosing());
  }),
);

test(
  "a generator goes on before the first dataReceived",
  onLoop(async ({ loop }) => {
    const [reader, writer] = pipe();
    writer.write(Buffer.from("hello"));
    writer.close();
    const protocol = new Recorder(loop);
    await loop.createTask(function* () {
      yield* loop.connectReadPipe(() => protocol, reader);
      protocol.trace.push("returned");
      yield* protocol.lost;
    });
    assert.equal(protocol.trace, ["CM", "returned", "DR", "ER", "CL"]);
  }),
);

test(
  "at the end eofReceived and connectionLost are calls of their own, and what the first answers does not matter",
  onLoop(async ({ loop }) => {
    const protocol = new Recorder(loop);
    protocol.eofReceived = () => {
      protocol.trace.push("ER", (protocol.transport as unknown as ReadTransport).isClosing() ? "closing" : "open");
      loop.callSoon(() => protocol.trace.push("soon"));
      return true;
    };
    const { writer } = await reading(loop, protocol);
    writer.close();
    assert.is(await protocol.lost, null);
    await iteration(loop);
    assert.equal(protocol.trace, ["CM", "ER", "closing", "CL", "soon"]);
  }),
);

test(
  "pauseReading and resumeReading hold back and let go, and may be called again",
  onLoop(async ({ loop }) => {
    const { transport, protocol, writer } = await reading(loop);
    transport.pauseReading();
    transport.pauseReading();
    assert.not(transport.isReading());
    writer.write(Buffer.from("later"));
    for (let count = 0; count < 5; count++) await iteration(loop);
    assert.is(protocol.text, "");
    transport.resumeReading();
    transport.resumeReading();
    assert.ok(transport.isReading());
    await protocol.gets(5);
    transport.pauseReading();
    writer.close();
    for (let count = 0; count < 5; count++) await iteration(loop);
    assert.equal(protocol.trace, ["CM", "DR"]);
    transport.resumeReading();
    await protocol.lost;
    transport.resumeReading();
    transport.pauseReading();
    assert.not(transport.isReading());
    assert.equal(protocol.trace, ["CM", "DR", "ER", "CL"]);
  }),
);

test(
  "pauseReading in connectionMade comes in time",
  onLoop(async ({ loop }) => {
    const [reader, writer] = pipe();
    writer.write(Buffer.from("later"));
    const protocol = new Recorder(loop);
    const made = protocol.connectionMade.bind(protocol);
    protocol.connectionMade = (transport) => {
      made(transport);
      transport.pauseReading();
    };
    const [transport] = await loop.connectReadPipe(() => protocol, reader);
    for (let count = 0; count < 5; count++) await iteration(loop);
    assert.is(protocol.text, "");
    transport.resumeReading();
    await protocol.gets(5);
    transport.close();
    await protocol.lost;
    writer.close();
  }),
);

test(
  "close ends it without eofReceived, closes the pipe, and may be called again",
  onLoop(async ({ loop }) => {
    const { transport, protocol, writer, reader } = await reading(loop);
    writer.write(Buffer.from("not wanted"));
    transport.close();
    (transport as unknown as Disposable)[Symbol.dispose]();
    assert.ok(transport.isClosing());
    assert.not(reader.closed);
    assert.is(await protocol.lost, null);
    assert.equal(protocol.trace, ["CM", "CL"]);
    assert.ok(reader.closed);
    assert.is(thrownBy(() => writer.write(Buffer.alloc(1))).code, "EPIPE");
    writer.close();
  }),
);

test(
  "a BufferedProtocol gets the bytes in its own buffer",
  onLoop(async ({ loop }) => {
    const lost = loop.createFuture<Error | null>();
    const buffer = Buffer.alloc(4);
    const pieces: string[] = [];
    const protocol: BufferedProtocol = {
      getBuffer: () => buffer,
      bufferUpdated: (size) => pieces.push(buffer.toString("utf8", 0, size)),
      connectionLost: (error) => lost.setResult(error),
    };
    const { writer } = await reading(loop, protocol);
    writer.write(Buffer.from("abcdefghij"));
    writer.close();
    assert.is(await lost, null);
    assert.equal(pieces, ["abcd", "efgh", "ij"]);
  }),
);

test(
  "a buffer that is empty or none at all, and methods that throw, lose the pipe and are reported",
  onLoop(async ({ loop, reported }) => {
    const wrong = new Error("wrong");
    const cases: [protocol: object, message: string, code?: string][] = [
      [{ getBuffer: () => new Uint8Array(0) }, "protocol.getBuffer() call failed", "ERR_EMPTY_BUFFER"],
      [{ getBuffer: () => "buffer" }, "protocol.getBuffer() call failed", "ERR_INVALID_ARG_TYPE"],
      [{ getBuffer: () => Buffer.alloc(1), bufferUpdated: raise }, "protocol.bufferUpdated() call failed"],
      [{ dataReceived: raise }, "protocol.dataReceived() call failed"],
    ];
    function raise(): never {
      throw wrong;
    }
    for (const [methods, message, code] of cases) {
      const lost = loop.createFuture<Error | null>();
      const protocol = { ...methods, connectionLost: (error: Error | null) => lost.setResult(error) };
      const { writer, transport } = await reading(loop, protocol as StreamProtocol);
      writer.write(Buffer.from("x"));
      const error = (await lost) as Error & { code?: string };
      const context = reported.pop();
      assert.match(String(context?.message), message);
      assert.is(context?.exception, error);
      assert.is(context?.transport, transport);
      if (code === undefined) assert.is(error, wrong);
      else assert.is(error.code, code);
      writer.close();
    }
  }),
);

test(
  "what is no Error becomes one for connectionLost",
  onLoop(async ({ loop, reported }) => {
    const protocol = new Recorder(loop);
    protocol.dataReceived = () => {
      throw "text";
    };
    const { writer } = await reading(loop, protocol);
    writer.write(Buffer.from("x"));
    assert.is((await protocol.lost)?.cause, "text");
    assert.is(reported.pop()?.exception, "text");
    writer.close();
  }),
);

test("a FatalError in dataReceived ends the run", async () => {
  const loop = new EventLoop();
  const [reader, writer] = pipe();
  writer.write(Buffer.from("x"));
  const fatal = new FatalError("fatal");
  const protocol = {
    dataReceived: () => {
      throw fatal;
    },
  };
  const connecting = loop.connectReadPipe(() => protocol, reader);
  assert.is(await rejectionOf(loop.runForever()), fatal);
  const [transport] = connecting.result();
  transport.close();
  loop.callSoon(() => loop.stop());
  await loop.runForever();
  loop.close();
  writer.close();
});

test(
  "an error in eofReceived is reported, and connectionLost comes all the same",
  onLoop(async ({ loop, reported }) => {
    const protocol = new Recorder(loop);
    protocol.eofReceived = () => {
      throw new Error("eof");
    };
    const { writer } = await reading(loop, protocol);
    writer.close();
    assert.is(await protocol.lost, null);
    assert.match(String(reported.pop()?.exception), "eof");
  }),
);

test(
  "an error in connectionLost is reported, and the pipe is closed all the same",
  onLoop(async ({ loop, reported }) => {
    const protocol = new Recorder(loop);
    protocol.connectionLost = () => {
      throw new Error("lost");
    };
    const { writer, reader } = await reading(loop, protocol);
    writer.close();
    while (!reader.closed) await iteration(loop);
    assert.match(String(reported.pop()?.exception), "lost");
  }),
);

test(
  "setProtocol hands over, to one with buffers as well",
  onLoop(async ({ loop }) => {
    const { transport, protocol, writer } = await reading(loop);
    writer.write(Buffer.from("first"));
    await protocol.gets(5);
    const second = new Recorder(loop);
    transport.setProtocol(second);
    assert.is(transport.getProtocol(), second);
    writer.write(Buffer.from("second"));
    await second.gets(6);
    const third = { getBuffer: () => Buffer.alloc(9), bufferUpdated: () => loop.callSoon(() => writer.close()) };
    transport.setProtocol({ ...third, connectionLost: () => second.lost.setResult(null) });
    writer.write(Buffer.from("third"));
    await second.lost;
    assert.equal([protocol.text, second.text], ["first", "second"]);
    assert.is(thrownBy(() => transport.setProtocol(5 as never)).code, "ERR_NOT_A_PROTOCOL");
  }),
);

test(
  "getExtraInfo knows the pipe and nothing else",
  onLoop(async ({ loop }) => {
    const { transport, protocol, writer, reader } = await reading(loop);
    assert.is(transport.getExtraInfo("pipe"), reader);
    assert.is(transport.getExtraInfo("socket"), null);
    assert.is(transport.getExtraInfo("socket", 5), 5);
    writer.close();
    await protocol.lost;
  }),
);

test(
  "it shows itself with its descriptor and its state",
  onLoop(async ({ loop }) => {
    const { transport, protocol, writer, reader } = await reading(loop);
    const fd = reader.fileno();
    const seen = [inspect(transport)];
    transport.pauseReading();
    seen.push(String(transport));
    transport.close();
    seen.push(String(transport));
    await protocol.lost;
    seen.push(String(transport));
    const states = ["polling", "idle", "closing"].map((state) => `<ReadPipeTransport fd=${fd} ${state}>`);
    assert.equal(seen, [...states, "<ReadPipeTransport fd=-1 closed>"]);
    writer.close();
  }),
);

test(
  "a big piece comes whole",
  onLoop(async ({ loop }) => {
    const { protocol, writer } = await reading(loop);
    const big = Buffer.alloc(3_000_001, "big data ");
    const [, sending] = await loop.connectWritePipe(() => new Recorder(loop), writer);
    (sending.transport as { write(data: Uint8Array): void }).write(big);
    sending.transport.close();
    await protocol.lost;
    assert.ok(protocol.received.equals(big));
  }),
);

test(
  "files, folders and other descriptors are refused, stay open, and no protocol is made for them",
  onLoop(({ loop }) =>
    withFolder(async (folder) => {
      writeFileSync(join(folder, "file"), "text");
      const factory = (): never => assert.unreachable("the factory was called") as never;
      for (const path of [join(folder, "file"), folder]) {
        const fd = openSync(path, "r");
        for (const call of CALLS) {
          const error = thrownBy(() => connectAny(loop, call, factory, fd));
          assert.instance(error, RangeError);
          assert.is(error.code, "ERR_PIPE_KIND");
          assert.match(error.message, "Pipe transport is for pipes, sockets and character devices only.");
        }
        assert.is(isNonblocking(fd), 0);
        closeSync(fd);
      }
      assert.is(
        thrownBy(() => loop.connectReadPipe(factory, loop._scheduler.driver as never)).code,
        "ERR_INVALID_FILE",
      );
    }),
  ),
);

test(
  "bad arguments are thrown at the call, and the pipe is not taken over",
  onLoop(async ({ loop }) => {
    const [reader, writer] = pipe();
    const gone = pipe();
    const goneFd = gone[0].fileno();
    closeAll(...gone);
    const factory = () => new Recorder(loop);
    const cases: [args: unknown[], error: object, code: string][] = [
      [[5, reader], TypeError, "ERR_NOT_CALLABLE"],
      [[factory], RangeError, "ERR_INVALID_FILE"],
      [[factory, null], RangeError, "ERR_INVALID_FILE"],
      [[factory, "0"], RangeError, "ERR_INVALID_FILE"],
      [[factory, {}], RangeError, "ERR_INVALID_FILE"],
      [[factory, { fd: "0" }], RangeError, "ERR_INVALID_FILE"],
      [[factory, { fd: -1 }], RangeError, "ERR_INVALID_FILE"],
      [[factory, -1], RangeError, "ERR_INVALID_FILE"],
      [[factory, Number.NaN], RangeError, "ERR_INVALID_FILE"],
      [[factory, gone[0]], RangeError, "ERR_INVALID_FILE"],
      [[factory, goneFd], Error, "EBADF"],
    ];
    for (const call of CALLS) {
      for (const [args, type, code] of cases) {
        const error = thrownBy(() => connectAny(loop, call, ...args));
        assert.is(error.code, code, error.message);
        assert.instance(error, type, error.message);
      }
    }
    for (const [error, wanted] of [
      [thrownBy(() => loop.connectReadPipe(factory, writer)), "reading"],
      [thrownBy(() => loop.connectWritePipe(factory, reader)), "writing"],
    ] as const) {
      assert.is(error.code, "ERR_PIPE_KIND");
      assert.match(
        error.message,
        new RegExp(`^Descriptor \\d+ was not opened for ${wanted}: pass the pipe's other end`),
      );
    }
    closeAll(reader, writer);
  }),
);

test("a closed loop connects no pipe", () => {
  const loop = new EventLoop();
  loop.close();
  for (const call of CALLS) assert.is(thrownBy(() => connectAny(loop, call, () => ({}), 0)).code, "ERR_LOOP_CLOSED");
});

test(
  "a descriptor of a transport is nobody else's",
  onLoop(async ({ loop }) => {
    const { transport, protocol, writer, reader } = await reading(loop);
    const fd = reader.fileno();
    assert.is(thrownBy(() => loop.connectReadPipe(() => new Recorder(loop), reader)).code, "ERR_FD_IN_USE");
    for (const call of ["addReader", "addWriter"] as const) {
      assert.is(thrownBy(() => loop[call](fd, () => {})).code, "ERR_FD_IN_USE");
    }
    transport.close();
    await protocol.lost;
    assert.not(loop.removeReader(fd));
    writer.close();
  }),
);

test(
  "a factory that throws, or makes no protocol, fails the call and closes the pipe",
  onLoop(async ({ loop }) => {
    const wrong = new Error("factory");
    const raise = (): never => {
      throw wrong;
    };
    for (const call of CALLS) {
      for (const factory of [raise, () => 5, async () => new Recorder(loop)]) {
        const [mine, other] = endsFor(call);
        const error = await rejectionOf(connectAny(loop, call, factory, mine));
        assert.ok(factory === raise ? error === wrong : error.code === "ERR_NOT_A_PROTOCOL", error.message);
        assert.ok(mine.closed);
        other.close();
      }
    }
  }),
);

test(
  "cancelling the call closes the pipe, after connectionMade and connectionLost",
  onLoop(async ({ loop }) => {
    for (const call of CALLS) {
      const [mine, other] = endsFor(call);
      const protocol = new Recorder(loop);
      assert.ok(connectAny(loop, call, () => protocol, mine).cancel());
      await protocol.lost;
      assert.equal(protocol.trace, ["CM", "CL"]);
      assert.ok(mine.closed);
      other.close();
    }
  }),
);

test(
  "a number is closed, and an object closes itself",
  onLoop(({ loop }) =>
    withFolder(async (folder) => {
      const path = join(folder, "fifo");
      spawnSync("mkfifo", [path]);
      const flags = constants.O_RDONLY | constants.O_NONBLOCK;
      const handle = await open(path, flags);
      const foreign = { fd: openSync(path, flags), destroyed: 0, destroy: () => destroy() };
      const destroy = (): void => {
        foreign.destroyed++;
        closeSync(foreign.fd);
      };
      const pipes: [given: PipeLike, fd: number][] = [
        [new FileDescriptor(openSync(path, flags)), -1],
        [openSync(path, flags), -1],
        [{ fd: openSync(path, flags) }, -1],
        [handle, handle.fd],
        [foreign, foreign.fd],
      ];
      for (const [given] of pipes) {
        const fd = typeof given === "number" ? given : "fd" in given ? given.fd : given.fileno();
        const [transport, protocol] = await loop.connectReadPipe(() => new Recorder(loop), given);
        assert.is(transport.getExtraInfo("pipe"), given);
        transport.close();
        await protocol.lost;
        while (isOpen(fd)) await iteration(loop);
      }
      assert.is(foreign.destroyed, 1);
      assert.is(handle.fd, -1);
    }),
  ),
);

test(
  "an object that fails to close itself is reported",
  onLoop(async ({ loop, reported }) => {
    const cases = [
      { close: () => Promise.reject(new Error("not now")) },
      { close: (): never => assert.unreachable("not now") as never },
    ];
    for (const methods of cases) {
      const [reader, writer] = pipe();
      const given = { fd: reader.fileno(), ...methods };
      const [transport, protocol] = await loop.connectReadPipe(() => new Recorder(loop), given);
      transport.close();
      await protocol.lost;
      await iteration(loop);
      const context = reported.pop();
      assert.equal([context?.message, context?.pipe], ["Closing a pipe failed", given]);
      assert.match(String(context?.exception), "not now");
      closeAll(reader, writer);
    }
  }),
);

test(
  "a pipe that is closed behind its transport's back is never read from again",
  onLoop(async ({ loop }) => {
    const { transport, protocol, writer, reader } = await reading(loop);
    const fd = reader.fileno();
    reader.close();
    const others = pipe();
    assert.is(others[0].fileno(), fd, "the number is another's now");
    others[1].write(Buffer.from("private"));
    for (let count = 0; count < 5; count++) await iteration(loop);
    assert.is(protocol.text, "");
    transport.close();
    await protocol.lost;
    assert.is(others[0].read(7).toString(), "private");
    closeAll(...others, writer);
  }),
);

test(
  "sockets are pipes as well",
  onLoop(async ({ loop }) => {
    const [mine, peer] = socketpair();
    const [transport, protocol] = await loop.connectReadPipe(() => new Recorder(loop), mine);
    peer.send(Buffer.from("hello"));
    peer.close();
    assert.is(await protocol.lost, null);
    assert.equal(protocol.trace, ["CM", "DR", "ER", "CL"]);
    assert.ok(mine.closed && transport.isClosing());
  }),
);

test(
  "a broken connection is an error that is reported",
  onLoop(async ({ loop, reported }) => {
    const [mine, peer] = socketpair();
    // Closing a Unix socket that has unread data resets the connection.
    mine.send(Buffer.from("never read"));
    const [, protocol] = await loop.connectReadPipe(() => new Recorder(loop), mine);
    peer.close();
    const error = (await protocol.lost) as NodeJS.ErrnoException;
    assert.equal([error.code, error.syscall], ["ECONNRESET", "read"]);
    const context = reported.pop();
    assert.equal([context?.message, context?.exception], ["Fatal read error on pipe transport", error]);
  }),
);

test(
  "a FIFO made by mkfifo brings what another process writes, writer after writer, until all have gone",
  onLoop(({ loop }) =>
    withFolder(async (folder) => {
      const path = join(folder, "fifo");
      spawnSync("mkfifo", [path]);
      const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const [, protocol] = await loop.connectReadPipe(() => new Recorder(loop), fd);
      const shell = new Peer("sh", ["-c", 'exec 3> "$1"; echo one >&3; (echo two; echo three) > "$1"', "sh", path]);
      assert.is(await protocol.lost, null);
      assert.is(protocol.text, "one\ntwo\nthree\n");
      await shell.output;
    }),
  ),
);

test(
  "/dev/null is at its end, and /dev/zero never",
  onLoop(async ({ loop }) => {
    const [, nothing] = await loop.connectReadPipe(() => new Recorder(loop), openSync("/dev/null", "r"));
    assert.is(await nothing.lost, null);
    assert.equal(nothing.trace, ["CM", "ER", "CL"]);
    const zeros = new Recorder(loop);
    const [transport] = await loop.connectReadPipe(() => zeros, openSync("/dev/zero", "r"));
    await zeros.gets(100_000);
    transport.pauseReading();
    const { length } = zeros.received;
    for (let count = 0; count < 5; count++) await iteration(loop);
    assert.is(zeros.received.length, length);
    transport.resumeReading();
    await zeros.gets(length + 1);
    transport.close();
    await zeros.lost;
    assert.ok(zeros.received.every((byte) => byte === 0));
  }),
);

test(
  "a pseudoterminal whose programs have gone is lost with EIO, of which nobody else is told",
  onLoop(async ({ loop }) => {
    const [fd, path] = openTerminal();
    const terminal = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
    const [, protocol] = await loop.connectReadPipe(() => new Recorder(loop), fd);
    const [transport, writing] = await loop.connectWritePipe(() => new Recorder(loop), terminal);
    transport.write(Buffer.from("a line\n"));
    await protocol.gets(8);
    assert.is(protocol.text, "a line\r\n");
    transport.close();
    const error = (await protocol.lost) as NodeJS.ErrnoException;
    assert.equal([error.code, error.syscall], ["EIO", "read"]);
    assert.equal(protocol.trace, ["CM", "DR", "CL"]);
    assert.is(await writing.lost, null);
  }),
);

test(
  "the program on a pseudoterminal is at the end of its input when that hangs up",
  onLoop(({ loop }) =>
    withFolder(async (folder) => {
      const path = join(folder, "terminal");
      const socat = new Peer("socat", ["-dd", `PTY,link=${path},rawer`, "SYSTEM:echo ready; cat"]);
      await socat.says(/starting data transfer loop/);
      const [, protocol] = await loop.connectReadPipe(
        () => new Recorder(loop),
        openSync(path, constants.O_RDONLY | constants.O_NOCTTY),
      );
      const end = openSync(path, constants.O_WRONLY | constants.O_NOCTTY);
      const [writing] = await loop.connectWritePipe(() => new Recorder(loop), end);
      await protocol.gets(6);
      writing.write(Buffer.from("and back\n"));
      await protocol.gets(15);
      assert.is(protocol.text, "ready\nand back\n");
      writing.close();
      await socat.stop();
      assert.is(await protocol.lost, null);
      assert.equal(protocol.trace, ["CM", "DR", "ER", "CL"]);
    }),
  ),
);

test(
  "the stdout of a child process is read to its end",
  onLoop(async ({ loop }) => {
    const [reader, writer] = pipe();
    setNonblocking(writer.fileno(), false);
    const child = spawn("sh", ["-c", "echo from the child; echo and more"], { stdio: ["ignore", writer.fileno(), 2] });
    const closed = once(child, "close");
    writer.close();
    const [, protocol] = await loop.connectReadPipe(() => new Recorder(loop), reader);
    assert.is(await protocol.lost, null);
    assert.is(protocol.text, "from the child\nand more\n");
    await closed;
  }),
);

test.run();
