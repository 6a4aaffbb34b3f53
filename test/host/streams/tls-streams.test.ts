/** Streams with TLS: from the start, and begun later on. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Future } from "../../../host/futures/future.js";
import type { Server } from "../../../host/net/server.js";
import { SSLContext } from "../../../host/net/ssl-context.js";
import { openConnection, startServer } from "../../../host/streams/open-streams.js";
import type { StreamReader } from "../../../host/streams/stream-reader.js";
import type { StreamWriter } from "../../../host/streams/stream-writer.js";
import { Authority } from "../../support/certificates.js";
import { leakChecked } from "../../support/leaks.js";
import { onLoop, portOf, rejectionOf } from "../net/support.js";

const test = leakChecked(suite("streams with TLS"));

const authority = new Authority();
const local = authority.sign("localhost", "DNS:localhost,IP:127.0.0.1");
const trusting = new SSLContext({ ca: authority.cert });
const serving = new SSLContext({ cert: local.cert, key: local.key });
const HOST = "127.0.0.1";

async function echoLines(reader: StreamReader, writer: StreamWriter): Promise<void> {
  for await (const line of reader) {
    writer.write(line);
    await writer.drain();
  }
  writer.close();
}

test(
  "from the start, on both sides",
  onLoop(async () => {
    const server = await startServer(echoLines, HOST, 0, { ssl: serving });
    const [reader, writer] = await openConnection(HOST, portOf(server), { ssl: trusting });
    assert.is(writer.getExtraInfo("sslcontext"), trusting);
    assert.is(writer.getExtraInfo("peercert")?.subject.CN, "localhost");
    assert.not(writer.canWriteEof());
    writer.write(Buffer.from("secret\n"));
    assert.is(String(await reader.readline()), "secret\n");
    writer.close();
    await writer.waitClosed();
    server.close();
    await server.waitClosed();
  }),
);

test(
  "the end of a stream with TLS is the end of the connection, and is read as such",
  onLoop(async () => {
    const server = await startServer(
      async (_reader, writer) => {
        writer.write(Buffer.alloc(1_000_000, "x"));
        writer.close();
      },
      HOST,
      0,
      { ssl: serving },
    );
    const [reader, writer] = await openConnection(HOST, portOf(server), { ssl: trusting, limit: 1000 });
    assert.is((await reader.read()).length, 1_000_000);
    await writer.waitClosed();
    server.close();
    await server.waitClosed();
  }),
);

/** A server that begins with TLS when it is asked to. */
function startTlsServer(): Future<Server> {
  return startServer(
    async (reader, writer) => {
      await reader.readline();
      writer.write(Buffer.from("go on\n"));
      try {
        await writer.startTls(serving);
      } catch {
        return;
      }
      await echoLines(reader, writer);
    },
    HOST,
    0,
    { limit: 1000 },
  );
}

test(
  "begun later on, by both sides",
  onLoop(async () => {
    const server = await startTlsServer();
    const [reader, writer] = await openConnection(HOST, portOf(server));
    const plain = writer.transport;
    writer.write(Buffer.from("STARTTLS\n"));
    assert.is(String(await reader.readline()), "go on\n");
    await writer.startTls(trusting, { serverHostname: "localhost" });
    assert.is.not(writer.transport, plain);
    const sent = Buffer.from("a line of some length\n".repeat(5000));
    const answer = reader.readexactly(sent.length);
    writer.write(sent);
    await writer.drain();
    assert.ok((await answer).equals(sent));
    writer.close();
    await writer.waitClosed();
    server.close();
    await server.waitClosed();
  }),
);

test(
  "a start that fails ends the reader, and those who wait for the end",
  onLoop(async () => {
    const server = await startTlsServer();
    const [reader, writer] = await openConnection(HOST, portOf(server));
    writer.write(Buffer.from("STARTTLS\n"));
    await reader.readline();
    const closed = writer.waitClosed();
    const starting = writer.startTls(trusting, { serverHostname: "elsewhere" });
    assert.is((await rejectionOf(starting)).code, "ERR_TLS_CERT_ALTNAME_INVALID");
    assert.is((await rejectionOf(closed)).code, "ERR_TLS_CERT_ALTNAME_INVALID");
    assert.is((await rejectionOf(reader.read())).code, "ERR_TLS_CERT_ALTNAME_INVALID");
    assert.ok(writer.isClosing());
    server.close();
    await server.waitClosed();
  }),
);

test(
  "a start that is cancelled closes the connection",
  onLoop(async () => {
    const server = await startServer(
      async (reader) => void (await rejectionOf(reader.readexactly(1_000_000))),
      HOST,
      0,
    );
    const [reader, writer] = await openConnection(HOST, portOf(server));
    const starting = writer.startTls(trusting, { serverHostname: "localhost" });
    assert.ok(starting.cancel());
    await rejectionOf(starting);
    assert.ok(writer.isClosing());
    assert.is((await rejectionOf(reader.read())).code, "ECONNRESET");
    server.close();
    server.abortClients();
    await server.waitClosed();
  }),
);

test(
  "wrong arguments of a start leave the connection as it is",
  onLoop(async () => {
    const server = await startServer(echoLines, HOST, 0);
    const [reader, writer] = await openConnection(HOST, portOf(server));
    assert.is((await rejectionOf(writer.startTls({} as never))).code, "ERR_INVALID_ARG_TYPE");
    assert.is((await rejectionOf(writer.startTls(trusting))).code, "ERR_NO_HOSTNAME");
    writer.write(Buffer.from("still here\n"));
    assert.is(String(await reader.readline()), "still here\n");
    writer.close();
    await writer.waitClosed();
    server.close();
    await server.waitClosed();
  }),
);

test.run();
