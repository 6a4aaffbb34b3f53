/**
 * A server that sends a file to whoever connects, and a client that receives it. The kernel moves the bytes, and the server does not see them.
 *
 *   node out/examples/send-file.js [FILE]
 */
import { open } from "node:fs/promises";
import { getRunningLoop, openConnection, run, type StreamReader, type StreamWriter, startServer } from "wasyncio";

const path = process.argv[2] ?? process.execPath;

async function sendIt(_reader: StreamReader, writer: StreamWriter): Promise<void> {
  const file = await open(path);
  try {
    const sent = await getRunningLoop().sendfile(writer.transport, file);
    console.log(`Server sent ${sent} bytes`);
  } finally {
    await file.close();
    writer.close();
  }
}

await run(async () => {
  const server = await startServer(sendIt, "127.0.0.1", 0);
  const port = server.sockets?.[0].getsockname().port;

  const [reader, writer] = await openConnection("127.0.0.1", port);
  const bytes = await reader.read();
  console.log(`Client received ${bytes.length} bytes`);

  writer.close();
  await writer.waitClosed();
  server.close();
  await server.waitClosed();
});
