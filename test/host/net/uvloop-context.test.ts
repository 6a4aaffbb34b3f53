/**
 * The cases of uvloop's tests of contexts that are about protocols: each method of a protocol sees the store of AsyncLocalStorage that was current
 * where its server, its connection, its endpoint or its child was asked for, whoever else writes in the meantime.
 *
 * Owns: TCP, Unix sockets, TLS, startTls, accepted sockets, datagrams and children.
 *
 * uvloop, test_context.py. As in asyncio, and unlike there, what a call of a transport sets off at once, such as `pauseWriting`, or in the next
 * iteration, such as the `connectionLost` of a `close`, sees the store of that call; what comes when a write is through, that of the write.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Future } from "../../../host/futures/future.js";
import type { EventLoop } from "../../../host/loop/event-loop.js";
import { SSLContext } from "../../../host/net/ssl-context.js";
import type { Transport } from "../../../host/net/transport.js";
import type { SubprocessTransport } from "../../../host/processes/subprocess-transport.js";
import { BufferedProtocol, DatagramProtocol, Protocol, SubprocessProtocol } from "../../../host/protocols.js";
import { Authority } from "../../support/certificates.js";
import { withFolder } from "../../support/folders.js";
import { leakChecked } from "../../support/leaks.js";
import { tcpPair } from "../../support/sockets.js";
import { onLoop, portIn, portOf } from "./support.js";

const test = leakChecked(suite("contexts of protocols, as uvloop tests them"));
const storage = new AsyncLocalStorage<string>();
const authority = new Authority();
const { key, cert } = authority.sign("server", "DNS:localhost,IP:127.0.0.1");
const serverTls = new SSLContext({ key, cert });
const clientTls = new SSLContext({ ca: authority.cert });

/** What a protocol was told, and in which stores. */
class Notes {
  readonly #told = new Map<string, Set<string | undefined>>();
  readonly #waits: { readonly what: string; readonly future: Future<void> }[] = [];
  readonly #loop: EventLoop;
  /** The protocol's transport, once it has one. */
  transport!: Transport;

  constructor(loop: EventLoop) {
    this.#loop = loop;
  }

  note(what: string): void {
    const stores = this.#told.get(what) ?? new Set();
    this.#told.set(what, stores.add(storage.getStore()));
    for (const wait of this.#waits) if (wait.what === what && !wait.future.done()) wait.future.setResult();
  }

  async heard(what: string): Promise<void> {
    if (this.#told.has(what)) return;
    const future = this.#loop.createFuture<void>();
    this.#waits.push({ what, future });
    await future;
  }

  /** These were told, and nothing in any other store. */
  check(store: string, told: readonly string[]): void {
    const stores = [...this.#told].map(([what, all]) => `${what}: ${[...all]}`).sort();
    assert.equal(
      stores,
      [...told].sort().map((what) => `${what}: ${store}`),
    );
  }
}

/** A plain protocol that notes what it is told. */
class Plain extends Protocol {
  readonly #notes: Notes;

  constructor(notes: Notes) {
    super();
    this.#notes = notes;
    notes.note("factory");
  }

  override connectionMade(transport: Transport): void {
    this.#notes.transport = transport;
    this.#notes.note("made");
  }

  override dataReceived(): void {
    this.#notes.note("data");
  }

  override eofReceived(): void {
    this.#notes.note("eof");
  }

  override connectionLost(): void {
    this.#notes.note("lost");
  }
}

/** The same with a buffer of its own. */
class Buffered extends BufferedProtocol {
  readonly #notes: Notes;

  constructor(notes: Notes) {
    super();
    this.#notes = notes;
    notes.note("factory");
  }

  override connectionMade(transport: Transport): void {
    this.#notes.transport = transport;
    this.#notes.note("made");
  }

  override getBuffer(): Uint8Array {
    this.#notes.note("buffer");
    return new Uint8Array(64);
  }

  override bufferUpdated(): void {
    this.#notes.note("data");
  }

  override eofReceived(): void {
    this.#notes.note("eof");
  }

  override connectionLost(): void {
    this.#notes.note("lost");
  }
}

for (const [kind, make, more] of [
  ["a protocol", (notes: Notes) => new Plain(notes), []],
  ["a buffered protocol", (notes: Notes) => new Buffered(notes), ["buffer"]],
] as const) {
  for (const family of ["TCP", "a Unix socket"]) {
    for (const tls of [false, true]) {
      test(
        `${kind} of a server and of a client over ${tls ? "TLS over " : ""}${family}`,
        onLoop(async ({ loop }) => {
          await withFolder(async (folder) => {
            const path = join(folder, "socket");
            const [serving, asking] = [new Notes(loop), new Notes(loop)];
            const secure = tls ? { ssl: serverTls } : {};
            const name = tls ? { ssl: clientTls, serverHostname: "localhost" } : {};
            const server = await storage.run("server", () =>
              family === "TCP"
                ? loop.createServer(() => make(serving), "127.0.0.1", 0, secure)
                : loop.createUnixServer(() => make(serving), path, secure),
            );
            await storage.run("client", () =>
              family === "TCP"
                ? loop.createConnection(() => make(asking), "127.0.0.1", portOf(server), name)
                : loop.createUnixConnection(() => make(asking), path, name),
            );
            storage.run("elsewhere", () => asking.transport.write(Buffer.from("question")));
            await serving.heard("data");
            storage.run("elsewhere", () => serving.transport.write(Buffer.from("answer")));
            await asking.heard("data");
            // One of the two has to begin.
            storage.run("client", () => asking.transport.close());
            await serving.heard("lost");
            await asking.heard("lost");
            serving.check("server", ["factory", "made", "data", "eof", "lost", ...more]);
            asking.check("client", ["factory", "made", "data", "lost", ...more]);
            server.close();
            await server.waitClosed();
          });
        }),
      );
    }
  }

  test(
    `${kind} of a socket that somebody else has accepted`,
    onLoop(async ({ loop }) => {
      const [peer, accepted] = tcpPair();
      const notes = new Notes(loop);
      await storage.run("inner", () => loop.connectAcceptedSocket(() => make(notes), accepted));
      await loop.sockSendall(peer, Buffer.from("data"));
      await notes.heard("data");
      peer.close();
      await notes.heard("lost");
      notes.check("inner", ["factory", "made", "data", "eof", "lost", ...more]);
    }),
  );
}

test(
  "a protocol that goes on over TLS after startTls",
  onLoop(async ({ loop }) => {
    const [serving, asking] = [new Notes(loop), new Notes(loop)];
    const server = await storage.run("server", () => loop.createServer(() => new Plain(serving), "127.0.0.1", 0));
    await storage.run("before", () => loop.createConnection(() => new Plain(asking), "127.0.0.1", portOf(server)));
    await serving.heard("made");
    asking.check("before", ["factory", "made"]);
    const [served, asked] = [new Notes(loop), new Notes(loop)];
    const securing = [
      storage.run("secure server", () =>
        loop.startTls(serving.transport, new Plain(served), serverTls, { serverSide: true }),
      ),
      storage.run("secure client", () =>
        loop.startTls(asking.transport, new Plain(asked), clientTls, { serverHostname: "localhost" }),
      ),
    ] as const;
    const [serverSide, clientSide] = await Promise.all(securing);
    storage.run("elsewhere", () => serverSide.write(Buffer.from("data")));
    await asked.heard("data");
    storage.run("secure client", () => clientSide.write(Buffer.from("data")));
    await served.heard("data");
    storage.run("secure client", () => clientSide.close());
    await served.heard("lost");
    await asked.heard("lost");
    served.check("secure server", ["factory", "data", "eof", "lost"]);
    asked.check("secure client", ["factory", "data", "lost"]);
    server.close();
    await server.waitClosed();
  }),
);

test(
  "a protocol of datagrams",
  onLoop(async ({ loop }) => {
    const notes = new Notes(loop);
    class Datagrams extends DatagramProtocol {
      override connectionMade(): void {
        notes.note("made");
      }

      override datagramReceived(): void {
        notes.note("data");
      }

      override connectionLost(): void {
        notes.note("lost");
      }
    }
    const [transport] = await storage.run("inner", () =>
      loop.createDatagramEndpoint(() => new Datagrams(), { host: "127.0.0.1", port: 0 }),
    );
    const port = portIn(transport.getExtraInfo("sockname"));
    storage.run("elsewhere", () => transport.sendto(Buffer.from("data"), { host: "127.0.0.1", port }));
    await notes.heard("data");
    storage.run("inner", () => transport.close());
    await notes.heard("lost");
    notes.check("inner", ["made", "data", "lost"]);
  }),
);

test(
  "a protocol of a child, to its very end",
  onLoop(async ({ loop }) => {
    const notes = new Notes(loop);
    class Child extends SubprocessProtocol {
      override connectionMade(): void {
        notes.note("made");
      }

      override pipeDataReceived(): void {
        notes.note("data");
      }

      override pipeConnectionLost(): void {
        notes.note("pipe lost");
      }

      override processExited(): void {
        notes.note("exited");
      }

      override connectionLost(): void {
        notes.note("lost");
      }
    }
    const [transport] = (await storage.run("inner", () => loop.subprocessExec(() => new Child(), "cat"))) as [
      SubprocessTransport,
      unknown,
    ];
    storage.run("elsewhere", () => {
      const stdin = transport.getPipeTransport(0) as unknown as { write(data: Buffer): void };
      stdin.write(Buffer.from("data"));
    });
    await notes.heard("data");
    transport.kill();
    await notes.heard("lost");
    notes.check("inner", ["made", "data", "pipe lost", "exited", "lost"]);
  }),
);

test.run();
