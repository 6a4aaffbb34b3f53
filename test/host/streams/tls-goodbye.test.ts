/** The end of connections over TLS: what was received is read to its end, and a goodbye that nobody hears is no error. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  type EventLoop,
  newEventLoop,
  openConnection,
  openUnixConnection,
  type Server,
  SSLContext,
  type StreamReader,
  type StreamWriter,
  sleep,
  startServer,
  startUnixServer,
} from "../../../host/index.js";
import { Authority } from "../../support/certificates.js";
import { leakChecked } from "../../support/leaks.js";

const test = leakChecked(suite("the end of TLS"));

const authority = new Authority();
const local = authority.sign("localhost", "DNS:localhost");
const serving = new SSLContext({ cert: local.cert, key: local.key });
const trusting = new SSLContext({ ca: authority.cert });
const names = { ssl: trusting, serverHostname: "localhost" };

type Ends = [reader: StreamReader, writer: StreamWriter];

function onLoop(body: (loop: EventLoop) => Promise<void>): () => Promise<void> {
  return async () => {
    const loop = newEventLoop();
    try {
      await loop.runUntilComplete(loop.createTask(() => body(loop)));
    } finally {
      loop.close();
    }
  };
}

/** Answers a byte with `response`, and closes. */
const answer = (response: Buffer) => async (reader: StreamReader, writer: StreamWriter) => {
  await reader.read(1);
  writer.write(response);
  await writer.drain();
  writer.close();
};

async function unixEnds(respond: ReturnType<typeof answer>): Promise<[Server, Ends]> {
  const path = `\0tls-goodbye-${process.pid}`;
  const server = await startUnixServer(respond, path, { ssl: serving });
  return [server, await openUnixConnection(path, names)];
}

/** TLS within TLS. */
async function nestedEnds(respond: ReturnType<typeof answer>): Promise<[Server, Ends]> {
  const serve = async (reader: StreamReader, writer: StreamWriter) => {
    await writer.startTls(serving);
    await respond(reader, writer);
  };
  const server = await startServer(serve, "127.0.0.1", 0, { ssl: serving });
  const ends = await openConnection("127.0.0.1", server.sockets?.[0]?.getsockname().port, names);
  await ends[1].startTls(trusting, { serverHostname: "localhost" });
  return [server as Server, ends];
}

for (const [over, connect] of [
  ["a Unix socket", unixEnds],
  ["TLS", nestedEnds],
] as const) {
  for (const size of [5, 500_000]) {
    test(
      `over ${over}: ${size} bytes are read to the end, however late, and the end is a good one`,
      onLoop(async () => {
        for (const pause of [0, 0.02]) {
          const [server, [reader, writer]] = await connect(answer(Buffer.alloc(size, "x")));
          writer.write(Buffer.from("?"));
          await sleep(pause);
          let received = 0;
          for (let data = await reader.read(10_000); data.length > 0; data = await reader.read(10_000)) {
            received += data.length;
            if (pause > 0) await sleep(0.0005);
          }
          assert.is(received, size);
          writer.close();
          await writer.waitClosed();
          server.close();
          await server.waitClosed();
        }
      }),
    );
  }
}

test.run();
