import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { constants, openSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SO_SNDBUF, SOL_SOCKET } from "../../../host/constants.js";
import type { EventLoop } from "../../../host/loop/event-loop.js";
import { FileDescriptor, pipe } from "../../../host/net/pipe.js";
import { socketpair } from "../../../host/net/socket.js";
import type { WriteTransport } from "../../../host/net/transport-kinds.js";
import { setNonblocking } from "../../../host/sys/fd.js";
import { withFolder } from "../../support/folders.js";
import { leakChecked } from "../../support/leaks.js";
import { Peer } from "../../support/peers.js";
import { closeAll, thrownBy } from "../../support/sockets.js";
import { iteration, onLoop, Recorder } from "./support.js";

const test = leakChecked(suite("connectWritePipe"));

const BIG = Buffer.alloc(1 << 20, "a big piece of data ");

interface Writing {
  transport: WriteTransport;
  protocol: Recorder;
  reader: FileDescriptor;
  writer: FileDescriptor;
}

/** A transport that writes to a pipe, and the end to read from. */
async function writing(loop: EventLoop, protocol = new Recorder(loop)): Promise<Writing> {
  const [reader, writer] = pipe();
  const [transport] = await loop.connectWritePipe(() => protocol, writer);
  return { transport, protocol, reader, writer };
}

/** Reads until there is nothing more, for now or for good. */
function drain(reader: FileDescriptor): Buffer {
  const chunks: Buffer[] = [];
  try {
    for (;;) {
      const chunk = reader.read(65536);
      if (chunk.length === 0) break;
      chunks.push(chunk);
    }
  } catch (error) {
    assert.is((error as NodeJS.ErrnoException).code, "EAGAIN");
  }
  return Buffer.concat(chunks);
}

/** Reads all that comes until the transport has ended. */
async function drainToEnd(loop: EventLoop, { reader, protocol }: Writing): Promise<Buffer> {
  const chunks: Buffer[] = [];
  while (!protocol.lost.done()) {
    chunks.push(drain(reader));
    await iteration(loop);
  }
  chunks.push(drain(reader));
  return Buffer.concat(chunks);
}

test(
  "write writes at once, and close ends it",
  onLoop(async ({ loop }) => {
    const { transport, protocol, reader, writer } = await writing(loop);
    assert.equal(protocol.trace, ["CM"]);
    assert.is(protocol.transport as unknown, transport);
    transport.write(Buffer.from("now"));
    assert.is(reader.read(9).toString(), "now");
    transport.write(new Uint8Array(0));
    transport.writeLines(["a", "b", "c"].map((text) => Buffer.from(text)));
    assert.is(reader.read(9).toString(), "abc");
    assert.is(transport.getWriteBufferSize(), 0);
    transport.close();
    transport.close();
    assert.ok(transport.isClosing());
    assert.not(writer.closed);
    assert.is(await protocol.lost, null);
    assert.ok(writer.closed);
    assert.is(reader.read(9).length, 0);
    assert.equal(protocol.trace, ["CM", "CL"]);
    reader.close();
  }),
);

test(
  "what there is no room for is copied, and written in order, before close takes effect",
  onLoop(async ({ loop }) => {
    const made = await writing(loop);
    const { transport, protocol, reader } = made;
    const piece = Buffer.from("first");
    transport.write(BIG);
    transport.write(piece);
    piece.write("XXXXX");
    transport.writeLines([Buffer.from("second"), Buffer.from("third")]);
    assert.ok(transport.getWriteBufferSize() > 0);
    transport.close();
    assert.ok(transport.isClosing());
    const received = await drainToEnd(loop, made);
    assert.ok(received.equals(Buffer.concat([BIG, Buffer.from("firstsecondthird")])));
    assert.is(await protocol.lost, null);
    assert.equal(protocol.trace, ["CM", "PW", "RW", "CL"]);
    reader.close();
  }),
);

test(
  "writeEof is close",
  onLoop(async ({ loop }) => {
    const made = await writing(loop);
    const { transport, protocol, reader } = made;
    assert.ok(transport.canWriteEof());
    transport.write(BIG);
    transport.writeEof();
    assert.ok(transport.isClosing());
    assert.is((await drainToEnd(loop, made)).length, BIG.length);
    assert.is(await protocol.lost, null);
    reader.close();
  }),
);

test(
  "abort drops what was not written",
  onLoop(async ({ loop }) => {
    for (const closeFirst of [false, true]) {
      const { transport, protocol, reader } = await writing(loop);
      transport.write(BIG);
      if (closeFirst) transport.close();
      transport.abort();
      transport.abort();
      assert.is(transport.getWriteBufferSize(), 0);
      assert.ok(transport.isClosing());
      assert.is(await protocol.lost, null);
      assert.ok(drain(reader).length < BIG.length);
      assert.equal(protocol.trace, ["CM", "PW", "CL"]);
      reader.close();
    }
  }),
);

test(
  "write takes bytes and nothing else, also once it is closed",
  onLoop(async ({ loop }) => {
    const { transport, protocol, reader } = await writing(loop);
    for (const closed of [false, true]) {
      if (closed) transport.close();
      for (const wrong of ["text", 5, null, undefined, [1], new ArrayBuffer(1)]) {
        assert.is(thrownBy(() => transport.write(wrong as never)).code, "ERR_INVALID_ARG_TYPE");
      }
      assert.is(thrownBy(() => transport.writeLines([Buffer.alloc(1), 5 as never])).code, "ERR_INVALID_ARG_TYPE");
    }
    await protocol.lost;
    assert.is(drain(reader).length, 0);
    reader.close();
  }),
);

test(
  "writes after close are dropped, and warned of from the fifth on",
  onLoop(async ({ loop }) => {
    const { transport, protocol, reader } = await writing(loop);
    transport.close();
    const warnings: unknown[] = [];
    const { warn } = console;
    console.warn = (line: unknown) => warnings.push(line);
    try {
      for (let count = 1; count <= 6; count++) {
        transport.write(Buffer.from("late"));
        assert.is(warnings.length, Math.max(0, count - 4));
      }
    } finally {
      console.warn = warn;
    }
    await protocol.lost;
    assert.is(drain(reader).length, 0);
    reader.close();
  }),
);

test(
  "the protocol is paused above the high-water mark and resumed at the low one",
  onLoop(async ({ loop }) => {
    const { transport, protocol, reader } = await writing(loop);
    assert.equal(transport.getWriteBufferLimits(), [16384, 65536]);
    transport.setWriteBufferLimits({ high: 1000, low: 100 });
    assert.equal(transport.getWriteBufferLimits(), [100, 1000]);
    transport.write(BIG.subarray(0, 65536));
    assert.is(transport.getWriteBufferSize(), 0);
    transport.write(BIG.subarray(0, 1000));
    assert.equal(protocol.trace, ["CM"]);
    transport.write(BIG.subarray(0, 1));
    assert.equal(protocol.trace, ["CM", "PW"]);
    const received = drain(reader).length;
    while (transport.getWriteBufferSize() > 0) await iteration(loop);
    assert.equal(protocol.trace, ["CM", "PW", "RW"]);
    assert.is(received + drain(reader).length, 66537);
    transport.close();
    await protocol.lost;
    reader.close();
  }),
);

test(
  "the protocol may write more, close or abort when it is resumed",
  onLoop(async ({ loop }) => {
    for (const [action, expected] of [
      ["write", BIG.length + 4],
      ["close", BIG.length],
      ["abort", BIG.length],
    ] as const) {
      const protocol = new Recorder(loop);
      const made = await writing(loop, protocol);
      const { transport, reader } = made;
      protocol.resumeWriting = () => {
        if (action === "write") {
          transport.write(Buffer.from("more"));
          transport.close();
        } else transport[action]();
      };
      transport.setWriteBufferLimits({ high: 0 });
      transport.write(BIG);
      assert.is((await drainToEnd(loop, made)).length, expected);
      assert.is(await protocol.lost, null);
      assert.equal(
        protocol.trace.filter((event) => event !== "PW"),
        ["CM", "CL"],
      );
      reader.close();
    }
  }),
);

test(
  "a reader that goes is noticed: an end in good order if nothing was to be written",
  onLoop(async ({ loop }) => {
    const { transport, protocol, reader, writer } = await writing(loop);
    transport.write(Buffer.from("never read"));
    reader.close();
    assert.is(await protocol.lost, null);
    assert.equal(protocol.trace, ["CM", "CL"]);
    assert.ok(writer.closed && transport.isClosing());
  }),
);

test(
  "a reader that goes while something is still to be written is an error",
  onLoop(async ({ loop }) => {
    for (const closing of [false, true]) {
      const { transport, protocol, reader } = await writing(loop);
      transport.write(BIG);
      if (closing) transport.close();
      reader.close();
      const error = (await protocol.lost) as NodeJS.ErrnoException;
      assert.equal([error.code, error.syscall, error.message], ["EPIPE", "write", "write EPIPE: broken pipe"]);
      assert.equal(protocol.trace, ["CM", "PW", "CL"]);
      assert.is(transport.getWriteBufferSize(), 0);
    }
  }),
);

test(
  "a write that finds the reader gone is an error of the protocol's alone",
  onLoop(async ({ loop }) => {
    const { transport, protocol, reader } = await writing(loop);
    reader.close();
    transport.write(Buffer.from("into the void"));
    assert.ok(transport.isClosing());
    transport.write(Buffer.from("dropped"));
    assert.is(((await protocol.lost) as NodeJS.ErrnoException).code, "EPIPE");
    assert.equal(protocol.trace, ["CM", "CL"]);
  }),
);

test(
  "nobody who reads from the start is noticed after connectionMade",
  onLoop(async ({ loop }) => {
    const [reader, writer] = pipe();
    reader.close();
    const protocol = new Recorder(loop);
    await loop.connectWritePipe(() => protocol, writer);
    assert.is(await protocol.lost, null);
    assert.equal(protocol.trace, ["CM", "CL"]);
  }),
);

test(
  "sockets are pipes as well, and a peer that goes is noticed",
  onLoop(async ({ loop }) => {
    for (const pending of [false, true]) {
      const [mine, peer] = socketpair();
      mine.setsockopt(SOL_SOCKET, SO_SNDBUF, 4096);
      const [transport, protocol] = await loop.connectWritePipe(() => new Recorder(loop), mine);
      transport.write(Buffer.from("hello"));
      assert.is(peer.recv(9).toString(), "hello");
      if (pending) transport.write(BIG);
      peer.close();
      const error = (await protocol.lost) as NodeJS.ErrnoException | null;
      assert.is(error?.code, pending ? "EPIPE" : undefined);
      assert.ok(mine.closed);
    }
  }),
);

test(
  "a socket whose peer has something to say goes on, and what was said stays",
  onLoop(async ({ loop }) => {
    const [mine, peer] = socketpair();
    const [transport, protocol] = await loop.connectWritePipe(() => new Recorder(loop), mine);
    peer.send(Buffer.from("by the way"));
    for (let count = 0; count < 5; count++) await iteration(loop);
    assert.equal(protocol.trace, ["CM"]);
    assert.is(mine.recv(99).toString(), "by the way");
    transport.write(Buffer.from("go on"));
    assert.is(peer.recv(9).toString(), "go on");
    transport.close();
    await protocol.lost;
    peer.close();
  }),
);

test(
  "a FIFO that was opened both ways is not lost to what is written to it",
  onLoop(({ loop }) =>
    withFolder(async (folder) => {
      const path = join(folder, "fifo");
      spawnSync("mkfifo", [path]);
      const fd = openSync(path, constants.O_RDWR);
      const [transport, protocol] = await loop.connectWritePipe(() => new Recorder(loop), fd);
      transport.write(Buffer.from("kept"));
      for (let count = 0; count < 5; count++) await iteration(loop);
      assert.equal(protocol.trace, ["CM"]);
      const cat = new Peer("head", ["-c4", path]);
      assert.is((await cat.output).toString(), "kept");
      transport.close();
      assert.is(await protocol.lost, null);
    }),
  ),
);

test(
  "a FIFO made by mkfifo takes what another process reads",
  onLoop(({ loop }) =>
    withFolder(async (folder) => {
      const path = join(folder, "fifo");
      spawnSync("mkfifo", [path]);
      const keep = new FileDescriptor(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
      const fd = openSync(path, constants.O_WRONLY);
      const [transport, protocol] = await loop.connectWritePipe(() => new Recorder(loop), fd);
      const cat = new Peer("cat", [path]);
      transport.write(BIG);
      // Once more was taken than a pipe holds, cat is surely there to read.
      while (transport.getWriteBufferSize() > BIG.length / 2) await iteration(loop);
      keep.close();
      transport.close();
      assert.is(await protocol.lost, null);
      assert.ok((await cat.output).equals(BIG));
    }),
  ),
);

test(
  "/dev/null takes everything",
  onLoop(async ({ loop }) => {
    const [transport, protocol] = await loop.connectWritePipe(() => new Recorder(loop), openSync("/dev/null", "w"));
    transport.write(BIG);
    assert.is(transport.getWriteBufferSize(), 0);
    for (let count = 0; count < 5; count++) await iteration(loop);
    transport.close();
    assert.is(await protocol.lost, null);
    assert.equal(protocol.trace, ["CM", "CL"]);
  }),
);

test(
  "/dev/full is an error of the protocol's alone",
  onLoop(async ({ loop }) => {
    const [transport, protocol] = await loop.connectWritePipe(() => new Recorder(loop), openSync("/dev/full", "w"));
    transport.write(BIG);
    assert.is(((await protocol.lost) as NodeJS.ErrnoException).code, "ENOSPC");
  }),
);

test(
  "cat as a child gives back what it is written, through two pipes",
  onLoop(async ({ loop }) => {
    const [childIn, toChild] = pipe();
    const [fromChild, childOut] = pipe();
    for (const end of [childIn, childOut]) setNonblocking(end.fileno(), false);
    const child: ChildProcess = spawn("cat", { stdio: [childIn.fileno(), childOut.fileno(), "inherit"] });
    const closed = once(child, "close");
    closeAll(childIn, childOut);
    const [transport, sending] = await loop.connectWritePipe(() => new Recorder(loop), toChild);
    const [, receiving] = await loop.connectReadPipe(() => new Recorder(loop), fromChild);
    transport.write(BIG);
    transport.close();
    assert.is(await sending.lost, null);
    assert.is(await receiving.lost, null);
    assert.ok(receiving.received.equals(BIG));
    assert.equal(await closed, [0, null]);
  }),
);

test(
  "setProtocol hands over, getExtraInfo knows the pipe, and it shows itself with its state",
  onLoop(async ({ loop }) => {
    const { transport, protocol, reader, writer } = await writing(loop);
    const fd = writer.fileno();
    assert.is(transport.getExtraInfo("pipe"), writer);
    assert.equal([transport.getExtraInfo("socket"), transport.getExtraInfo("socket", 5)], [null, 5]);
    const second = new Recorder(loop);
    transport.setProtocol(second);
    assert.is(transport.getProtocol(), second);
    assert.is(thrownBy(() => transport.setProtocol(5 as never)).code, "ERR_NOT_A_PROTOCOL");
    const seen = [inspect(transport)];
    transport.write(BIG);
    seen.push(String(transport));
    const size = transport.getWriteBufferSize();
    transport.abort();
    seen.push(String(transport));
    await second.lost;
    seen.push(String(transport));
    assert.equal(seen, [
      `<WritePipeTransport fd=${fd} idle bufsize=0>`,
      `<WritePipeTransport fd=${fd} polling bufsize=${size}>`,
      `<WritePipeTransport fd=${fd} closing bufsize=0>`,
      "<WritePipeTransport fd=-1 closed bufsize=0>",
    ]);
    assert.equal([protocol.trace, second.trace], [["CM"], ["PW", "CL"]]);
    reader.close();
  }),
);

test(
  "a pipe that is closed behind its transport's back is never written to again",
  onLoop(async ({ loop }) => {
    const { transport, protocol, reader, writer } = await writing(loop);
    const fd = writer.fileno();
    writer.close();
    const other = pipe();
    const taken = other[0].fileno() === fd ? other[0] : other[1];
    assert.is(taken.fileno(), fd, "the number is another's now");
    transport.write(Buffer.from("private"));
    assert.is(((await protocol.lost) as NodeJS.ErrnoException).code, "EBADF");
    assert.not(taken.closed);
    closeAll(reader, ...other);
  }),
);

test.run();
