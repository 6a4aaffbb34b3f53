/**
 * What happens with names whose server is ours: a program that `runInNamespace` runs, one scene each time.
 *
 * Owns: a name server that answers only when it is told to, and the scenes. Each prints what it saw as JSON on a line.
 *
 * Does not own: what that should be (`lookups.test.ts`).
 */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import * as constants from "../../../host/constants.js";
import type { Future } from "../../../host/futures/future.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import type { InetAddress } from "../../../host/net/address.js";
import { LOOKUPS_AT_ONCE } from "../../../host/net/lookups.js";
import { Protocol } from "../../../host/protocols.js";
import { compareAddresses, compareNames, differences } from "./cpython-names.js";

const { AF_INET, AF_INET6, AF_UNSPEC, SOCK_STREAM } = constants;
const { AI_ADDRCONFIG, AI_ALL, AI_CANONNAME, AI_PASSIVE, AI_V4MAPPED } = constants;
const { NI_DGRAM, NI_NAMEREQD, NI_NOFQDN, NI_NUMERICHOST, NI_NUMERICSERV } = constants;

const HEADER_BYTES = 12;
const IPV4 = { family: AF_INET, type: SOCK_STREAM };

function print(value: unknown): void {
  console.log(JSON.stringify(value));
}

/** A DNS server that notes what it is asked. */
class NameServer {
  /** The names that were asked for, each once. Those of two threads come in any order. */
  readonly asked: string[] = [];
  readonly #socket: Socket = createSocket("udp4");
  readonly #queries = new Map<string, { query: Buffer; from: RemoteInfo }>();
  #arrived: (() => void) | null = null;

  async start(): Promise<this> {
    this.#socket.on("message", (query, from) => {
      const name = nameIn(query);
      if (!this.asked.includes(name)) this.asked.push(name);
      this.#queries.set(name, { query, from });
      this.#arrived?.();
    });
    this.#socket.bind(53, "127.0.0.1");
    await once(this.#socket, "listening");
    return this;
  }

  /** Waits until so many names were asked for. */
  async wasAsked(count: number): Promise<void> {
    while (this.asked.length < count) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
  }

  /** Answers a query that has come: with an IPv4 address, or that there is no such name. */
  answer(name: string, address: string | null): void {
    const { query, from } = this.#queries.get(name) as { query: Buffer; from: RemoteInfo };
    const question = query.subarray(0, questionEnd(query));
    const reply = Buffer.from(question);
    reply.writeUInt16BE(address === null ? 0x8183 : 0x8180, 2);
    for (const [offset, count] of [1, address === null ? 0 : 1, 0, 0].entries())
      reply.writeUInt16BE(count, 4 + 2 * offset);
    const record = Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...(address ?? "0").split(".").map(Number)]);
    this.#socket.send(address === null ? reply : Buffer.concat([reply, record]), from.port, from.address);
  }

  close(): void {
    this.#socket.close();
  }
}

function nameIn(query: Buffer): string {
  const labels: string[] = [];
  for (let at = HEADER_BYTES; query[at] !== 0; at += 1 + (query[at] as number)) {
    labels.push(query.toString("latin1", at + 1, at + 1 + (query[at] as number)));
  }
  return labels.join(".");
}

function questionEnd(query: Buffer): number {
  return query.indexOf(0, HEADER_BYTES) + 5;
}

/** A loop, and a name server. */
async function withServer(body: (loop: EventLoop, server: NameServer) => Promise<void>): Promise<void> {
  const server = await new NameServer().start();
  const loop = new EventLoop();
  await loop.runUntilComplete(loop.createTask(() => body(loop, server)));
  loop.close();
  server.close();
}

async function codeOf(future: Future<unknown>): Promise<string | undefined> {
  return future.then(
    () => "none",
    (error) => (error as { code?: string }).code,
  );
}

const scenes: Record<string, () => Promise<void>> = {
  async tables() {
    const loop = new EventLoop();
    await loop.runUntilComplete(
      loop.createTask(async () => {
        const flags = [0, AI_PASSIVE, AI_CANONNAME, AI_V4MAPPED, AI_ALL, AI_V4MAPPED | AI_ALL, AI_ADDRCONFIG];
        const addresses = await compareAddresses(
          loop,
          ["both", "four", "six", "127.0.0.1", "::1", null].flatMap((host) =>
            [AF_UNSPEC, AF_INET, AF_INET6].flatMap((family) =>
              flags.map((each) => [host, 80, family, SOCK_STREAM, 0, each] as const),
            ),
          ),
        );
        const names = await compareNames(
          loop,
          ["127.0.0.9", "::9", "127.0.0.77"].flatMap((host) =>
            [0, NI_NOFQDN, NI_NAMEREQD, NI_NUMERICHOST, NI_NUMERICHOST | NI_NUMERICSERV, NI_DGRAM].map(
              (each) => [host, 514, each] as const,
            ),
          ),
        );
        const all = [...addresses, ...names];
        print({ asked: all.length, different: differences(all), answers: new Set(all.map(({ ours }) => ours)).size });
        print(Object.fromEntries(all.map(({ question, ours }) => [question, JSON.parse(ours)])));
      }),
    );
    loop.close();
  },

  /** Half of the pool's threads ask; the others read files. The next one asks when one has its answer. */
  bound: () =>
    withServer(async (loop, server) => {
      const lookups = Array.from({ length: 5 }, (_, index) => loop.getaddrinfo(`n${index}.test`, 80, IPV4));
      await server.wasAsked(LOOKUPS_AT_ONCE);
      for (let reads = 0; reads < 20; reads++) await readFile("/etc/hosts");
      print(server.asked.sort());
      const asked = server.asked.length;
      server.answer("n0.test", "10.0.0.0");
      await lookups[0];
      await server.wasAsked(asked + 1);
      print(server.asked.sort());
      for (let index = 1; index < lookups.length; index++) {
        await server.wasAsked(index + 1);
        server.answer(`n${index}.test`, index === 4 ? null : `10.0.0.${index}`);
        if (index === 4) print(await codeOf(lookups[index] as Future));
        else print((await lookups[index])?.map(({ address }) => address.host));
      }
    }),

  /** One that waits is never asked for; one under way is let go at once, and what it finds goes to nobody. */
  cancel: () =>
    withServer(async (loop, server) => {
      const [first, second, third, last] = Array.from({ length: 4 }, (_, index) =>
        loop.getaddrinfo(`n${index}.test`, 80, IPV4),
      ) as [Future, Future, Future, Future];
      await server.wasAsked(LOOKUPS_AT_ONCE);
      print([third.cancel("enough"), first.cancel(), first.cancel(), first.cancelled(), third.cancelled()]);
      print([await codeOf(first), await codeOf(third)]);
      server.answer("n0.test", "10.0.0.1");
      await server.wasAsked(3);
      server.answer("n3.test", "10.0.0.3");
      server.answer("n1.test", "10.0.0.1");
      print([await second, await last].map((infos) => (infos as { address: InetAddress }[])[0]?.address.host));
      print(server.asked.sort());
    }),

  /** The loop is closed while one lookup is under way and others wait: nobody hears of it, and the next loop can ask. */
  closed: async () => {
    const server = await new NameServer().start();
    const loop = new EventLoop();
    const lookups = Array.from({ length: 4 }, (_, index) => loop.getaddrinfo(`n${index}.test`, 80, IPV4));
    await server.wasAsked(LOOKUPS_AT_ONCE);
    loop.close();
    const other = new EventLoop();
    const asked = other.runUntilComplete(other.getaddrinfo("other.test", 80, IPV4));
    for (const name of ["n0.test", "n1.test"]) server.answer(name, "10.0.0.1");
    await server.wasAsked(3);
    server.answer("other.test", "10.0.0.9");
    print((await asked)[0]?.address.host);
    print([server.asked.sort(), lookups.map((lookup) => lookup.done())]);
    other.close();
    server.close();
  },

  /** Service names, where every port is free. */
  services: async () => {
    const loop = new EventLoop();
    await loop.runUntilComplete(
      loop.createTask(async () => {
        const server = await loop.createServer(() => new Protocol(), "local", "http");
        print(server.sockets?.map((socket) => socket.getsockname()));
        const [transport] = await loop.createConnection(() => new Protocol(), "local", "http", {
          localAddr: { host: "local", port: 443 },
        });
        print([transport.getExtraInfo("peername"), transport.getExtraInfo("sockname")]);
        transport.close();
        server.close();
        await server.waitClosed();
      }),
    );
    loop.close();
  },

  /** In which order the addresses of a host are tried: all refuse, or have no route. */
  turns: async () => {
    const loop = new EventLoop();
    for (const options of [{}, { interleave: 1 }, { interleave: 2 }, { happyEyeballsDelay: 3600 }]) {
      const failed = await loop
        .runUntilComplete(loop.createConnection(() => new Protocol(), "many", 80, options))
        .catch((error: AggregateError) => error);
      print((failed as AggregateError).errors.map((error) => error.address));
    }
    loop.close();
  },

  /** Where connections come from whose local address has a name: the first of its addresses that has the family and is free. */
  locals: async () => {
    const loop = new EventLoop();
    const server = await loop.runUntilComplete(loop.createServer(() => new Protocol(), "127.0.0.1", 80));
    const taken = await loop.runUntilComplete(loop.createServer(() => new Protocol(), "127.0.0.2", 443));
    for (const [host, local, port] of [
      ["local", "four", 0],
      ["local", "both", 0],
      ["four", "six", 0],
      ["local", "six", 0],
      ["127.0.0.1", "many", 443],
    ] as const) {
      const call = loop.createConnection(() => new Protocol(), host, 80, { localAddr: { host: local, port } });
      const found = await loop.runUntilComplete(call).then(
        ([transport]) => {
          transport.abort();
          return (transport.getExtraInfo("sockname") as InetAddress).host;
        },
        (error: Error & { code: string; errors?: { code: string }[] }) =>
          error.errors?.map(({ code }) => code) ?? [error.code],
      );
      print([host, local, found]);
    }
    server.close();
    server.abortClients();
    await loop.runUntilComplete(server.waitClosed());
    taken.close();
    loop.close();
  },

  /** Ends in the way that the second word names, while a lookup waits for its answer. */
  end: async () => {
    const how = process.argv[3];
    const server = await new NameServer().start();
    const loop = new EventLoop();
    const task = loop.createTask(async () => {
      const lookup = loop.getaddrinfo("slow.test", 80, IPV4);
      await server.wasAsked(1);
      console.log("asked");
      if (how === "exit") process.exit(7);
      if (how === "throw") setImmediate(() => raise(new Error("thrown")));
      if (how === "signal") process.kill(process.pid, "SIGTERM");
      if (how === "natural") lookup.cancel();
      await lookup;
    });
    const ended = await loop.runUntilComplete(task).catch((error: { code: string }) => error.code);
    loop.close();
    server.close();
    console.log(`ended: ${ended}`);
  },

  /** Terminates workers in each of which lookups are under way and others wait. */
  workers: async () => {
    const server = await new NameServer().start();
    const worker = new Worker(fileURLToPath(import.meta.url), { argv: ["worker"] });
    await once(worker, "message");
    await server.wasAsked(LOOKUPS_AT_ONCE);
    print(await worker.terminate());
    const leaving = new Worker(fileURLToPath(import.meta.url), { argv: ["worker", "exit"] });
    print((await once(leaving, "exit"))[0]);
    server.close();
    print("alive");
  },

  worker: async () => {
    const loop = new EventLoop();
    for (let index = 0; index < 4; index++) loop.getaddrinfo(`w${index}.test`, 80, IPV4);
    if (process.argv[3] === "exit") setImmediate(() => process.exit(3));
    parentPort?.postMessage("looking up");
    await loop.runForever();
  },
};

function raise(error: Error): never {
  throw error;
}

const name = process.argv[2] as string;
if (isMainThread || name === "worker") await (scenes[name] as () => Promise<void>)();
