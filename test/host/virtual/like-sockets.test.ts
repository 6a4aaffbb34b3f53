/** What happens in a virtual network is what happens over sockets: each scene is played on both kinds of loop. */
import { AsyncLocalStorage } from "node:async_hooks";
import { suite } from "uvu";
import { type EventLoop, sleep, type Transport } from "../../../host/index.js";
import type { BufferedProtocol, StreamProtocol } from "../../../host/protocols.js";
import { leakChecked } from "../../support/leaks.js";
import { Recorder } from "../net/support.js";
import { sameOnBoth } from "./same-on-both.js";

const test = leakChecked(suite("virtual networks and sockets"));
const same = sameOnBoth(test);

/** Connects a client to a server of one connection. */
async function connect(loop: EventLoop, client: StreamProtocol, server: StreamProtocol): Promise<Transport> {
  const serving = await loop.createServer(() => server, "127.0.0.1", 0);
  const [{ host, port }] = serving.addresses as [{ host: string; port: number }];
  const [transport] = await loop.createConnection(() => client, host, port);
  await sleep(0.01);
  serving.close();
  return transport;
}

same("nobody is called in the context of the other side", async (loop, seen) => {
  const stores = new AsyncLocalStorage<string>();
  const record = (who: string, answer = false): StreamProtocol => {
    let transport: Transport;
    const note = (what: string): unknown => seen.push(`${who} ${what}: ${stores.getStore()}`);
    return {
      connectionMade(made: Transport) {
        transport = made;
        note("made");
      },
      dataReceived(data: Buffer) {
        note("data");
        if (answer) transport.write(data);
      },
      pauseWriting: () => void note("paused"),
      resumeWriting: () => void note("resumed"),
      eofReceived: () => void note("end"),
      connectionLost: () => void note("lost"),
    };
  };
  const factory = (): StreamProtocol => {
    seen.push(`factory: ${stores.getStore()}`);
    return record("server", true);
  };
  const server = await stores.run("serving", () => loop.createServer(factory, "127.0.0.1", 0));
  const [{ host, port }] = server.addresses as [{ host: string; port: number }];
  const [transport] = await stores.run("connecting", () => loop.createConnection(() => record("client"), host, port));
  transport.setWriteBufferLimits({ high: 0 });
  await sleep(0.01);
  stores.run("writing", () => transport.write(Buffer.from("hello")));
  await sleep(0.01);
  transport.pauseReading();
  stores.run("resuming", () => transport.resumeReading());
  transport.write(Buffer.from("hello"));
  await sleep(0.01);
  stores.run("closing", () => transport.close());
  await sleep(0.01);
  server.close();
});

same("who writes too much is told to resume in the context of that write", async (loop, seen) => {
  const stores = new AsyncLocalStorage<string>();
  const server = new Recorder(loop);
  const resumeWriting = (): void => void seen.push(stores.getStore());
  const transport = await connect(loop, { resumeWriting }, server);
  stores.run("writing", () => transport.write(Buffer.alloc(1 << 23)));
  await server.gets(1 << 23);
  stores.run("closing", () => transport.close());
  await server.lost;
});

same("a server that its protocol factory closes waits for the connection", async (loop, seen) => {
  const protocol = new Recorder(loop);
  const server = await loop.createServer(
    () => {
      server.close();
      return protocol;
    },
    "127.0.0.1",
    0,
  );
  const [{ host, port }] = server.addresses as [{ host: string; port: number }];
  const [transport] = await loop.createConnection(() => ({}), host, port);
  server.waitClosed().addDoneCallback(() => seen.push("closed"));
  await sleep(0.01);
  seen.push("closing");
  transport.close();
  await protocol.lost;
  await sleep(0);
});

/** A protocol that has room for four bytes. */
function small(seen: unknown[], updated: (transport: Transport) => void): BufferedProtocol {
  const buffer = Buffer.alloc(4);
  let transport: Transport;
  return {
    connectionMade(made: Transport) {
      transport = made;
    },
    getBuffer: () => buffer,
    bufferUpdated(size: number) {
      seen.push(`${buffer.subarray(0, size)}`);
      updated(transport);
    },
    connectionLost: (error) => void seen.push(error),
  };
}

same("a protocol with a buffer of its own is told of nothing while it pauses", async (loop, seen) => {
  const server = small(seen, (transport) => {
    transport.pauseReading();
    seen.push("paused");
    loop.callLater(0.001, () => {
      seen.push("resumed");
      transport.resumeReading();
    });
  });
  const transport = await connect(loop, {}, server);
  transport.write(Buffer.from("abcdefghij"));
  transport.close();
  await sleep(0.05);
});

same("closing what has not read everything resets the connection", async (loop, seen) => {
  const client = new Recorder(loop);
  const transport = await connect(
    loop,
    client,
    small(seen, (server) => server.close()),
  );
  transport.write(Buffer.from("abcdefghij"));
  seen.push(((await client.lost) as NodeJS.ErrnoException).code);
  await sleep(0);
});

same("who has paused gets what came before a reset, and then hears of that", async (loop, seen) => {
  const client = new Recorder(loop);
  const server = new Recorder(loop);
  const transport = await connect(loop, client, server);
  server.transport.pauseReading();
  client.transport.pauseReading();
  server.transport.write(Buffer.from("not read"));
  transport.write(Buffer.from("last words"));
  await sleep(0.01);
  transport.abort();
  await sleep(0.01);
  seen.push(server.text);
  server.transport.resumeReading();
  seen.push(((await server.lost) as NodeJS.ErrnoException).code, server.text);
});

for (const what of ["write", "writeEof"] as const) {
  same(`who has paused hears of a reset with the next ${what}`, async (loop, seen) => {
    const client = new Recorder(loop);
    const server = new Recorder(loop);
    const transport = await connect(loop, client, server);
    server.transport.pauseReading();
    client.transport.pauseReading();
    server.transport.write(Buffer.from("not read"));
    await sleep(0.01);
    transport.abort();
    await sleep(0.01);
    seen.push(server.trace.length);
    server.transport[what](Buffer.from("more"));
    seen.push((await server.lost) !== null);
  });
}

same("what is written after close(), while there is more to send, is sent too", async (loop, seen) => {
  const server = new Recorder(loop);
  const transport = await connect(loop, {}, server);
  transport.write(Buffer.alloc(1 << 23));
  transport.close();
  transport.write(Buffer.from("one more thing"));
  await server.lost;
  transport.write(Buffer.from("too late"));
  seen.push(server.received.length);
});

same("abstract names are no files: refused if nobody listens, and taken if somebody does", async (loop, seen) => {
  const name = `\0wasyncio-${process.pid}`;
  const note = (error: NodeJS.ErrnoException): void => void seen.push(error.code);
  await loop.createUnixConnection(() => ({}), name).catch(note);
  const server = await loop.createUnixServer(() => ({}), name);
  await loop.createUnixServer(() => ({}), name).catch(note);
  const [transport] = await loop.createUnixConnection(() => ({}), name);
  transport.close();
  server.close();
  await loop.createUnixConnection(() => ({}), name).catch(note);
  seen.push("closed");
});

same("an error of the system that a callback throws is the business of its protocol alone", async (loop, seen) => {
  for (const syscall of [undefined, "open"]) {
    const server = Object.assign(new Recorder(loop), {
      dataReceived() {
        throw Object.assign(new Error("no such file"), { syscall });
      },
    });
    (await connect(loop, {}, server)).write(Buffer.from("hello"));
    seen.push((await server.lost)?.message);
  }
});

test.run();
