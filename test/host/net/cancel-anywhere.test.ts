/**
 * Every call that can be awaited is cancelled after 0, 1, 2… iterations, by itself or with a task that awaits it, until it is
 * done before it can be cancelled. Each time nothing may stay behind: no descriptor, no watch, no timer, no slot of the core, no file.
 */
import { mkdtempSync, openSync, readdirSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AF_UNIX, SOCK_DGRAM } from "../../../host/constants.js";
import type { Future } from "../../../host/futures/future.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import { waitFor } from "../../../host/loop/wait.js";
import type { InetAddress } from "../../../host/net/address.js";
import { FileDescriptor, pipe } from "../../../host/net/pipe.js";
import { Socket, socketpair } from "../../../host/net/socket.js";
import { withFolder } from "../../support/folders.js";
import { checkNoLeaks, countProbe, leakChecked } from "../../support/leaks.js";
import { closeAll, listener, tcpPair } from "../../support/sockets.js";
import { iteration } from "./support.js";

const test = leakChecked(suite("cancelled anywhere"));

/** After so many iterations a call that still waits is taken for one that waits for ever. */
const ITERATIONS_MAX = 12;

interface Scene {
  readonly loop: EventLoop;
  readonly folder: string;
  /** Closes something when the call has been cancelled, or is done. */
  keep<T extends { close(): void }>(...things: T[]): T[];
}

/** What makes a call, and how its result is closed should it be done. */
interface Row {
  readonly name: string;
  start(scene: Scene): Future<unknown>;
  close?(result: never): void;
  /** Whether it makes a file itself, which must be gone in the end. */
  readonly makesFile?: boolean;
}

type Pair = [transport: { abort?(): void; close(): void }, protocol: object];

const closePair = ([transport]: Pair): void => transport.close();
const closeIt = (thing: { close(): void }): void => thing.close();
const factory = (): object => ({});

/** A file of more than a socket takes at once. */
function bigFile(folder: string): FileDescriptor {
  const path = join(folder, "big");
  writeFileSync(path, Buffer.alloc(1 << 22));
  const file = new FileDescriptor(openSync(path, "r"));
  unlinkSync(path);
  return file;
}

const ROWS: Row[] = [
  {
    name: "createConnection to an address",
    start: ({ loop, keep }) => {
      const [listening] = keep(listener()) as [Socket];
      const { host, port } = listening.getsockname() as InetAddress;
      return loop.createConnection(factory, host, port);
    },
    close: closePair,
  },
  {
    name: "createConnection to a name, from an address of its own",
    start: ({ loop, keep }) => {
      const [listening] = keep(listener()) as [Socket];
      const { port } = listening.getsockname() as InetAddress;
      return loop.createConnection(factory, "localhost", port, { localAddr: { host: "127.0.0.1", port: 0 } });
    },
    close: closePair,
  },
  {
    name: "createConnection to several addresses at once",
    start: ({ loop, keep }) => {
      const [listening] = keep(listener()) as [Socket];
      const { port } = listening.getsockname() as InetAddress;
      return loop.createConnection(factory, null, port, { happyEyeballsDelay: 0 });
    },
    close: closePair,
  },
  {
    name: "createConnection of a socket",
    start: ({ loop, keep }) => {
      const [sock, peer] = tcpPair();
      keep(peer);
      return loop.createConnection(factory, null, null, { sock });
    },
    close: closePair,
  },
  {
    name: "createServer",
    start: ({ loop }) => loop.createServer(factory, ["127.0.0.1", "127.0.0.2"], 0),
    close: closeIt,
  },
  { name: "createServer of a name", start: ({ loop }) => loop.createServer(factory, "localhost", 0), close: closeIt },
  {
    name: "createUnixConnection",
    start: ({ loop, folder, keep }) => {
      const [listening] = keep(new Socket(AF_UNIX)) as [Socket];
      listening.bind(join(folder, "socket"));
      listening.listen();
      return loop.createUnixConnection(factory, join(folder, "socket"));
    },
    close: closePair,
  },
  {
    name: "createUnixConnection of a socket",
    start: ({ loop, keep }) => {
      const [sock, peer] = socketpair();
      keep(peer);
      return loop.createUnixConnection(factory, null, { sock });
    },
    close: closePair,
  },
  {
    name: "createUnixServer",
    start: ({ loop, folder }) => loop.createUnixServer(factory, join(folder, "socket")),
    close: closeIt,
    makesFile: true,
  },
  {
    name: "createUnixServer of a socket",
    start: ({ loop, folder }) => {
      const sock = new Socket(AF_UNIX);
      sock.bind(join(folder, "socket"));
      return loop.createUnixServer(factory, null, { sock });
    },
    close: closeIt,
    makesFile: true,
  },
  {
    name: "connectReadPipe",
    start: ({ loop, keep }) => {
      const [reader, writer] = pipe();
      keep(writer);
      writer.write(Buffer.from("unread"));
      return loop.connectReadPipe(factory, reader);
    },
    close: closePair,
  },
  {
    name: "connectReadPipe of a device that is always ready",
    start: ({ loop }) => loop.connectReadPipe(factory, openSync("/dev/zero", "r")),
    close: closePair,
  },
  {
    name: "connectWritePipe",
    start: ({ loop, keep }) => {
      const [reader, writer] = pipe();
      keep(reader);
      return loop.connectWritePipe(factory, writer);
    },
    close: closePair,
  },
  {
    name: "sockRecv",
    start: ({ loop, keep }) => loop.sockRecv(keep(...socketpair())[0] as Socket, 1),
  },
  {
    name: "sockSendall",
    start: ({ loop, keep }) => loop.sockSendall(keep(...socketpair())[0] as Socket, Buffer.alloc(1 << 22)),
  },
  {
    name: "sockSendfile",
    start: ({ loop, keep, folder }) => {
      const [sock, peer] = keep(...socketpair()) as [Socket, Socket];
      keep(peer);
      return loop.sockSendfile(sock, keep(bigFile(folder))[0] as FileDescriptor);
    },
  },
  {
    name: "sockSendfile of what the system cannot send",
    start: ({ loop, keep }) => {
      const [sock] = keep(...socketpair()) as [Socket, Socket];
      return loop.sockSendfile(sock, keep(new FileDescriptor(openSync("/proc/self/status", "r")))[0] as FileDescriptor);
    },
  },
  {
    name: "createDatagramEndpoint between addresses",
    start: ({ loop }) => loop.createDatagramEndpoint(factory, { host: "127.0.0.1" }, { host: "127.0.0.1", port: 9 }),
    close: closePair,
  },
  {
    name: "createDatagramEndpoint of a name",
    start: ({ loop }) => loop.createDatagramEndpoint(factory, null, { host: "localhost", port: "domain" }),
    close: closePair,
  },
  {
    name: "createDatagramEndpoint at a path",
    start: ({ loop, folder }) => loop.createDatagramEndpoint(factory, join(folder, "datagrams")),
    close: closePair,
    makesFile: true,
  },
  {
    name: "sockRecvInto",
    start: ({ loop, keep }) => loop.sockRecvInto(keep(...socketpair())[0] as Socket, Buffer.alloc(1)),
  },
  {
    name: "sockRecvfrom",
    start: ({ loop, keep }) => loop.sockRecvfrom(keep(...socketpair(AF_UNIX, SOCK_DGRAM))[0] as Socket, 1),
  },
  {
    name: "sockRecvfromInto",
    start: ({ loop, keep }) =>
      loop.sockRecvfromInto(keep(...socketpair(AF_UNIX, SOCK_DGRAM))[0] as Socket, Buffer.alloc(1)),
  },
  {
    name: "sockSendto a peer without room",
    start: ({ loop, folder, keep }) => {
      const [hears, talks] = keep(new Socket(AF_UNIX, SOCK_DGRAM), new Socket(AF_UNIX, SOCK_DGRAM)) as [Socket, Socket];
      const path = join(folder, "hears");
      hears.bind(path);
      try {
        for (;;) talks.sendto(Buffer.alloc(1000), path);
      } catch {
        return loop.sockSendto(talks, Buffer.alloc(1000), path);
      }
    },
  },
  {
    name: "sockAccept on a Unix socket",
    start: ({ loop, folder, keep }) => {
      const [listening] = keep(new Socket(AF_UNIX)) as [Socket];
      listening.bind(join(folder, "socket"));
      listening.listen();
      return loop.sockAccept(listening);
    },
  },
  {
    name: "sockConnect to an address",
    start: ({ loop, keep }) => {
      const [listening, client] = keep(listener(), new Socket()) as [Socket, Socket];
      return loop.sockConnect(client, listening.getsockname());
    },
  },
  {
    name: "sockConnect to a name",
    start: ({ loop, keep }) => {
      const [listening, client] = keep(listener(), new Socket()) as [Socket, Socket];
      const { port } = listening.getsockname() as InetAddress;
      return loop.sockConnect(client, { host: "localhost", port });
    },
  },
];

/** Something under way that can be cancelled. */
interface Begun {
  cancel(): boolean;
  done(): boolean;
  cancelled(): boolean;
  result(): unknown;
  /** What the body got, which is its own to close, before it was cancelled all the same. */
  got?: unknown;
}

/** Who is cancelled: the call itself, or a task that waits for it. */
const WAYS: Record<string, (loop: EventLoop, start: () => Future<unknown>) => Begun> = {
  "": (_loop, start) => start(),
  ", in a generator": (loop, start) =>
    loop.createTask(function* () {
      return yield* start();
    }),
  ", in an async function": (loop, start) => {
    const begun: Begun = loop.createTask(async () => {
      begun.got = await start();
      return begun.got;
    });
    return begun;
  },
  ", with waitFor": (loop, start) =>
    loop.createTask(function* () {
      return yield* waitFor(start(), 60);
    }),
};

/** Calls `call` in the iteration that comes after `count` others, before what those lead to. */
function callAfter(loop: EventLoop, count: number, call: () => void): void {
  if (count === 0) call();
  else loop.callSoon(callAfter, loop, count - 1, call);
}

/** Starts the call, lets the loop go on, and cancels it. Answers whether it was done before. */
async function cancelAfter(
  row: Row,
  way: keyof typeof WAYS,
  count: number,
  loop: EventLoop,
  folder: string,
): Promise<boolean> {
  const kept: { close(): void }[] = [];
  const scene: Scene = {
    loop,
    folder,
    keep: (...things) => {
      kept.push(...things);
      return things;
    },
  };
  const begun = WAYS[way]?.(loop, () => row.start(scene)) as Begun;
  let wasDone = false;
  await new Promise<void>((resolve) => {
    callAfter(loop, count, () => {
      wasDone = !begun.cancel();
      resolve();
    });
  });
  // A task ends when it has seen the cancellation.
  for (let index = 0; index < 4 && !begun.done(); index++) await iteration(loop);
  if (wasDone) row.close?.(begun.result() as never);
  else if (begun.got !== undefined) row.close?.(begun.got as never);
  assert.ok(wasDone || begun.cancelled(), String(begun));
  closeAll(...kept);
  // connectionLost is about to be called, or a closed peer to be noticed.
  for (let index = 0; index < 4; index++) await iteration(loop);
  return wasDone;
}

for (const way of Object.keys(WAYS)) {
  for (const row of ROWS) {
    test(`${row.name}${way}`, () =>
      withFolder(async (parent) => {
        for (let count = 0, isDone = false; count <= ITERATIONS_MAX && !isDone; count++) {
          const loop = new EventLoop();
          const folder = mkdtempSync(join(parent, "call-"));
          const slots = countProbe("slots of the core", () => loop._scheduler.core.liveSlots());
          const timers = countProbe("timers", () => loop._scheduler.core.timerCount());
          const reported: unknown[] = [];
          loop.setExceptionHandler((_loop, context) => reported.push(context));
          await checkNoLeaks(async () => {
            isDone = await loop.runUntilComplete(loop.createTask(() => cancelAfter(row, way, count, loop, folder)));
          }, [slots, timers]);
          assert.equal(reported, []);
          loop.close();
          if (row.makesFile) assert.equal(readdirSync(folder), []);
        }
      }));
  }
}

test.run();
