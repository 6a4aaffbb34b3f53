/**
 * Chat: all hear what one says, and nobody waits for those who do not read: they are thrown out. In a network in memory.
 *
 *   node out/examples/chat.js
 */
import { createTask, openConnection, Queue, run, type StreamReader, type StreamWriter, startServer } from "wasyncio";
import { VirtualEventLoop } from "wasyncio/testing";

/** What each has not been sent yet. */
const outboxes = new Map<StreamWriter, Queue<string>>();

function tellAll(text: string): void {
  for (const [writer, outbox] of outboxes) {
    if (outbox.full()) writer.transport.abort();
    else outbox.putNowait(text);
  }
}

async function send(outbox: Queue<string>, writer: StreamWriter): Promise<void> {
  for (;;) {
    writer.write(Buffer.from(`${await outbox.get()}\n`));
    await writer.drain();
  }
}

async function serve(reader: StreamReader, writer: StreamWriter): Promise<void> {
  const name = `${await reader.readline()}`.trim();
  const outbox = new Queue<string>(5);
  outboxes.set(writer, outbox);
  const sending = createTask(() => send(outbox, writer));
  tellAll(`${name} has come`);
  for await (const line of reader) tellAll(`${name}: ${line.subarray(0, -1)}`);
  sending.cancel();
  outboxes.delete(writer);
  tellAll(`${name} has left`);
  writer.close();
}

async function main(): Promise<void> {
  const server = await startServer(serve, "chat", 7, { limit: 1_000_000 });
  const [reader, ann] = await openConnection("chat", 7, { limit: 1_000_000 });
  const [, bob] = await openConnection("chat", 7);
  ann.write(Buffer.from("Ann\nIs anybody here?\n"));
  bob.write(Buffer.from("Bob\nI am, but I never listen\n"));
  for await (const line of reader) {
    const text = `${line}`.trim();
    console.log(text.length < 100 ? text : `${text.slice(0, 20)}… (${text.length} characters)`);
    if (text.startsWith("Bob has left")) break;
    if (text.startsWith("Bob: "))
      for (let n = 1; n <= 12; n++) ann.write(Buffer.from(`${"bla ".repeat(n * 10_000)}\n`));
  }
  ann.writeEof();
  await reader.read();
  for (const writer of [ann, bob]) writer.close();
  server.close();
  await server.waitClosed();
}

await run(main, { loopFactory: () => new VirtualEventLoop() });
