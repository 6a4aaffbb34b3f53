/**
 * Echo with streams: `startServer` calls an async function for each connection, `openConnection` answers a reader and a
 * writer. Nobody writes a protocol.
 *
 *   node out/examples/streams-echo.js [WORDS ...]
 */
import { openConnection, run, type StreamReader, type StreamWriter, startServer } from "wasyncio";

async function echo(reader: StreamReader, writer: StreamWriter): Promise<void> {
  for await (const line of reader) {
    console.log(`Server received: ${JSON.stringify(String(line))}`);
    writer.write(line);
    await writer.drain();
  }
  writer.close();
}

await run(async () => {
  const server = await startServer(echo, "127.0.0.1", 0);
  const port = server.sockets?.[0].getsockname().port;

  const [reader, writer] = await openConnection("127.0.0.1", port);
  const words = process.argv.slice(2);
  for (const word of words.length > 0 ? words : ["Hello!", "Good bye."]) {
    writer.write(Buffer.from(`${word}\n`));
    await writer.drain();
    console.log(`Client received: ${JSON.stringify(String(await reader.readline()))}`);
  }
  writer.writeEof();
  console.log(`Nothing is left: ${(await reader.read()).length === 0}`);

  writer.close();
  await writer.waitClosed();
  server.close();
  await server.waitClosed();
});
