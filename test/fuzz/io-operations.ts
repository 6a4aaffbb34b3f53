/** Operations on descriptors, sockets, connections and servers. */
import fc from "fast-check";
import { AF_INET, AF_UNIX, SOCK_DGRAM } from "../../host/constants.js";
import { type Server, Socket, socketpair } from "../../host/index.js";
import { addressOf, begun, datagram, datagramFactoryOf, datagramMood, keep } from "./datagram-operations.js";
import { type Kind, kind } from "./operation.js";
import { factoryOf, mood, RandomProtocol, withTransport } from "./random-protocol.js";
import { choice, junk } from "./values.js";
import { Planted, pick, type World } from "./world.js";

/** A socket of the pool, or what is none. */
export const socket: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ socket: choice }) },
  { weight: 1, arbitrary: junk },
);

export function socketOf(world: World, value: unknown): never {
  const number = (value as { socket?: number } | null | undefined)?.socket;
  if (typeof number !== "number") return value as never;
  return (pick(world.sockets, number) ?? newPair(world)) as never;
}

function newPair(world: World): Socket {
  const [left, right] = socketpair();
  world.sockets.push(left, right);
  return left;
}

const bytes = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 1, 1000, 300_000).map((size) => Buffer.alloc(size, 1)) },
  { weight: 1, arbitrary: junk },
);

const watcher = fc.constantFrom("nothing", "throws", "closes");

/** A watch that goes on would keep the loop busy, and does no harm. */
function watcherOf(world: World, what: string, number: number): () => void {
  return () => {
    if (what === "throws") throw new Planted("in a watch");
    if (what === "closes") pick(world.sockets, number)?.close();
  };
}

function isNoName(host: unknown): boolean {
  return typeof host !== "string" && !Array.isArray(host);
}

const withServer = (world: World, number: number, action: (server: Server) => unknown): unknown => {
  const server = pick(world.servers, number);
  return server === undefined ? undefined : action(server);
};

export const ioOperations: Record<string, Kind> = {
  socketpair: kind([], newPair, 2),
  "socket.close": kind([socket], (world, value) => (socketOf(world, value) as Socket | null)?.close?.()),
  "socket.send": kind([choice, bytes], (world, number, data) => pick(world.sockets, number)?.send(data as never), 2),
  "socket.recv": kind([choice, fc.constantFrom(0, 1, 70_000, -1, Number.NaN)], (world, number, size) =>
    pick(world.sockets, number)?.recv(size),
  ),
  "socket.shutdown": kind([choice, fc.constantFrom(0, 1, 2, 3)], (world, number, how) =>
    pick(world.sockets, number)?.shutdown(how),
  ),
  addReader: kind(
    [socket, watcher, choice],
    (world, value, what, number) => world.loop.addReader(socketOf(world, value), watcherOf(world, what, number)),
    2,
  ),
  addWriter: kind(
    [socket, watcher, choice],
    (world, value, what, number) => world.loop.addWriter(socketOf(world, value), watcherOf(world, what, number)),
    2,
  ),
  removeReader: kind([socket], (world, value) => world.loop.removeReader(socketOf(world, value))),
  removeWriter: kind([socket], (world, value) => world.loop.removeWriter(socketOf(world, value))),
  sockRecv: kind(
    [socket, fc.constantFrom(0, 1, 1000, 400_000, -1, Number.NaN)],
    (world, value, size) => begun(world, keep(world, world.loop.sockRecv(socketOf(world, value), size))),
    2,
  ),
  sockSendall: kind(
    [socket, bytes],
    (world, value, data) => begun(world, keep(world, world.loop.sockSendall(socketOf(world, value), data as never))),
    2,
  ),
  sockAccept: kind([socket], (world, value) =>
    keep(world, world.loop.sockAccept(socketOf(world, value))).then(
      ([accepted]) => world.sockets.push(accepted),
      (error: unknown) => world.judge("sockAccept", error),
    ),
  ),
  sockConnect: kind(
    [
      fc.oneof(
        fc.record({
          host: fc.constantFrom("127.0.0.1", "::1", "", "localhost"),
          port: fc.constantFrom(1, 0, -1, 65536, Number.NaN),
        }),
        junk,
      ),
    ],
    (world, address) => {
      const fresh = new Socket();
      world.sockets.push(fresh);
      begun(world, keep(world, world.loop.sockConnect(fresh, address as never)));
    },
  ),
  createServer: kind(
    [
      mood,
      // Names that are not known here would be asked for in the network.
      fc.oneof(fc.constant("127.0.0.1"), fc.constantFrom("::1", "", "localhost"), junk.filter(isNoName)),
      fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: junk }),
    ],
    (world, what, host, port) =>
      keep(world, world.loop.createServer(factoryOf(world, what), host as never, port as never)).then(
        (server) => world.servers.push(server),
        (error: unknown) => world.judge("createServer", error),
      ),
  ),
  createConnection: kind(
    [mood, choice],
    (world, what, number) => {
      const { port } = (pick(world.servers, number)?.sockets?.[0]?.getsockname() ?? { port: 1 }) as {
        port: number;
      };
      begun(world, keep(world, world.loop.createConnection(factoryOf(world, what), "127.0.0.1", port)));
    },
    2,
  ),
  "createConnection over a pair": kind(
    [mood],
    (world, what) => {
      const [left, right] = socketpair();
      world.sockets.push(right);
      const future = world.attempt("createConnection", () =>
        world.loop.createConnection(factoryOf(world, what), null, null, { sock: left }),
      );
      if (future === undefined) left.close();
      else begun(world, keep(world, future));
    },
    2,
  ),
  "transport.write": kind(
    [choice, bytes],
    (world, number, data) => withTransport(world, number, (transport) => transport.write(data as never)),
    3,
  ),
  "transport.writeEof": kind([choice], (world, number) =>
    withTransport(world, number, (transport) => transport.writeEof()),
  ),
  "transport.close": kind([choice], (world, number) => withTransport(world, number, (transport) => transport.close())),
  "transport.abort": kind([choice], (world, number) => withTransport(world, number, (transport) => transport.abort())),
  "transport.pauseReading": kind([choice], (world, number) =>
    withTransport(world, number, (transport) => transport.pauseReading()),
  ),
  "transport.resumeReading": kind([choice], (world, number) =>
    withTransport(world, number, (transport) => transport.resumeReading()),
  ),
  "transport.setWriteBufferLimits": kind([choice, junk, junk], (world, number, high, low) =>
    withTransport(world, number, (transport) =>
      transport.setWriteBufferLimits({ high: high as never, low: low as never }),
    ),
  ),
  "transport.setProtocol": kind([choice, mood], (world, number, what) =>
    withTransport(world, number, (transport) => transport.setProtocol(new RandomProtocol(world, what))),
  ),
  "watch a transport's socket": kind([choice], (world, number) =>
    withTransport(world, number, (transport) =>
      world.loop.addReader(transport.getExtraInfo("socket") as Socket, () => {}),
    ),
  ),
  "createDatagramEndpoint over a pair": kind([datagramMood, datagramMood], (world, what, other) => {
    for (const [index, sock] of socketpair(AF_UNIX, SOCK_DGRAM).entries()) {
      const factory = datagramFactoryOf(world, index === 0 ? what : other);
      const future = world.attempt("createDatagramEndpoint", () =>
        world.loop.createDatagramEndpoint(factory, null, null, { sock }),
      );
      if (future === undefined) sock.close();
      else begun(world, keep(world, future));
    }
  }),
  "sockSendto and sockRecvfrom": kind([choice, datagram], (world, number, data) => {
    const fresh = new Socket(AF_INET, SOCK_DGRAM);
    world.sockets.push(fresh);
    const target = addressOf(world, number) ?? { host: "127.0.0.1", port: 9 };
    begun(world, keep(world, world.loop.sockSendto(fresh, data as never, target)));
    begun(world, keep(world, world.loop.sockRecvfrom(fresh, 1000)));
  }),
  "server.close": kind([choice], (world, number) => withServer(world, number, (server) => server.close())),
  "server.waitClosed": kind([choice], (world, number) =>
    withServer(world, number, (server) => begun(world, keep(world, server.waitClosed()))),
  ),
  "server.startServing": kind([choice], (world, number) =>
    withServer(world, number, (server) => begun(world, keep(world, server.startServing()))),
  ),
  "server.abortClients": kind([choice], (world, number) =>
    withServer(world, number, (server) => server.abortClients()),
  ),
};
