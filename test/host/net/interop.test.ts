/** Connections with CPython's asyncio at the other end. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { leakChecked } from "../../support/leaks.js";
import { onLoop, portOf, Recorder } from "./support.js";

const test = leakChecked(suite("a peer of CPython's"));

const BIG = Buffer.alloc(5_000_011, "to and fro ");

/** Sends back what it receives, until the end of the stream, then the number of bytes. */
const SERVER = `
import asyncio
async def serve(reader, writer):
    count = 0
    while data := await reader.read(65536):
        count += len(data)
        writer.write(data)
        await writer.drain()
    writer.write(b"%d bytes" % count)
    await writer.drain()
    writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
`;

/** Connects to a port, sends 5 MB, ends the stream, and prints the hash of what comes back. */
const CLIENT = `
import asyncio, hashlib, sys
async def main():
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    async def send():
        writer.write(b"to and fro " * 500000)
        await writer.drain()
        writer.write_eof()
    sending = asyncio.create_task(send())
    digest = hashlib.sha256()
    while data := await reader.read(65536):
        digest.update(data)
    await sending
    writer.close()
    print(digest.hexdigest())
asyncio.run(main())
`;

function python(program: string, ...words: string[]): ChildProcess {
  return spawn("python3", ["-c", program, ...words], { stdio: ["ignore", "pipe", "inherit"] });
}

async function outputOf(child: ChildProcess): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString().trim();
}

function hash(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

test(
  "our client and its server exchange big data",
  onLoop(async ({ loop }) => {
    const child = python(SERVER);
    const [line] = await once(child.stdout as NodeJS.ReadableStream, "data");
    const [transport, protocol] = await loop.createConnection(() => new Recorder(loop), "127.0.0.1", Number(line));
    transport.write(BIG);
    transport.writeEof();
    assert.is(await protocol.lost, null);
    assert.is(hash(protocol.received.subarray(0, BIG.length)), hash(BIG));
    assert.is(protocol.received.subarray(BIG.length).toString(), `${BIG.length} bytes`);
    assert.equal([protocol.trace[0], ...protocol.trace.slice(-2)], ["CM", "ER", "CL"]);
    child.kill();
    await once(child, "close");
  }),
);

test(
  "its client and our server exchange big data, with flow control",
  onLoop(async ({ loop }) => {
    const protocol = new Recorder(loop);
    const note = protocol.dataReceived.bind(protocol);
    protocol.dataReceived = (data) => {
      note(data);
      protocol.transport.write(data);
    };
    protocol.pauseWriting = () => protocol.transport.pauseReading();
    protocol.resumeWriting = () => protocol.transport.resumeReading();
    const server = await loop.createServer(() => protocol, "127.0.0.1", 0);
    const child = python(CLIENT, String(portOf(server)));
    const output = await outputOf(child);
    assert.is(output, hash(Buffer.alloc(5_500_000, "to and fro ")));
    await protocol.lost;
    assert.is(protocol.received.length, 5_500_000);
    server.close();
  }),
);

test.run();
