/** Operations on what runs over something else, and beside TCP: TLS, streams of Node's, Unix sockets, pipes. */
import { PassThrough } from "node:stream";
import fc from "fast-check";
import {
  asDuplex,
  pipe,
  type ReadTransport,
  type Server,
  type ServerTlsOptions,
  SSLContext,
  type StartTlsOptions,
  socketpair,
  type Transport,
  type WriteTransport,
} from "../../host/index.js";
import { Authority } from "../support/certificates.js";
import { type Kind, kind } from "./operation.js";
import { factoryOf, mood, RandomProtocol, withTransport } from "./random-protocol.js";
import { choice, junk } from "./values.js";
import { Planted, pick, type World } from "./world.js";

const authority = new Authority();
const certificate = authority.sign("localhost", "DNS:localhost");
const ofServer = new SSLContext({ cert: certificate.cert, key: certificate.key });
const ofClient = new SSLContext({ ca: authority.cert });
const distrustful = new SSLContext();

const context: fc.Arbitrary<SSLContext> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(ofClient) },
  { weight: 1, arbitrary: fc.constant(distrustful) },
);

const seconds: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(undefined, 1, 0.001) },
  { weight: 1, arbitrary: junk },
);

const timeouts = fc.record({
  sslHandshakeTimeout: seconds,
  sslShutdownTimeout: seconds,
}) as fc.Arbitrary<ServerTlsOptions>;

/** Begins something on a socket, which the caller keeps when that is refused at the call. */
function over(world: World, what: string, sock: { close(): void }, begin: () => PromiseLike<unknown>): void {
  const future = world.attempt(what, begin);
  if (future === undefined) sock.close();
  else world.keep(future as never);
}

/** A protocol of a pipe, whose transport is not one of a connection. */
function pipeFactoryOf(world: World, what: string): () => object {
  const act = (where: string): void => {
    if (what === `throws in ${where}`) throw new Planted(where);
  };
  return () => ({
    connectionMade(transport: ReadTransport | WriteTransport): void {
      world.pipes.push(transport);
      act("connectionMade");
    },
    dataReceived: () => act("dataReceived"),
    connectionLost: () => act("connectionLost"),
  });
}

const pipeMood = fc.constantFrom(
  "calm",
  ...["connectionMade", "dataReceived", "connectionLost"].map((where) => `throws in ${where}`),
);

/** Names of sockets that are in no folder, few enough to meet. */
const path = fc.nat({ max: 2 }).map((number) => `\0wasyncio-fuzz-${process.pid}-${number}`);

function keepServer(world: World, future: PromiseLike<Server<never>>): void {
  world.keep(future as never);
  future.then(
    (server) => world.servers.push(server as never),
    () => {},
  );
}

function ownStream(world: World): PassThrough {
  const stream = new PassThrough({ highWaterMark: 1000 });
  // A stream of Node's must be listened to by whoever has it.
  stream.on("error", () => {});
  world.streams.push(stream);
  return stream;
}

export const layerOperations: Record<string, Kind> = {
  "TLS over a pair": kind(
    [mood, mood, context, timeouts],
    (world, what, other, ssl, options) => {
      const [left, right] = socketpair();
      over(world, "createConnection", left, () =>
        world.loop.createConnection(factoryOf(world, what), null, null, {
          ...options,
          sock: left,
          ssl,
          serverHostname: "localhost",
        }),
      );
      over(world, "connectAcceptedSocket", right, () =>
        world.loop.connectAcceptedSocket(factoryOf(world, other), right, { ...options, ssl: ofServer }),
      );
    },
    3,
  ),
  "TLS with a peer that says nothing": kind([mood, timeouts], (world, what, options) => {
    const [left, right] = socketpair();
    world.sockets.push(right);
    over(world, "connectAcceptedSocket", left, () =>
      world.loop.connectAcceptedSocket(factoryOf(world, what), left, { ...options, ssl: ofServer }),
    );
  }),
  startTls: kind(
    [choice, mood, fc.boolean(), context, timeouts],
    (world, number, what, serverSide, ssl, options) =>
      withTransport(world, number, (transport) => {
        const side = serverSide ? { serverSide } : { serverHostname: "localhost" };
        const future = world.loop.startTls(transport, new RandomProtocol(world, what), serverSide ? ofServer : ssl, {
          ...options,
          ...side,
        } as StartTlsOptions);
        world.keep(future as never);
        future.then(
          (secured) => world.transports.push(secured),
          () => {},
        );
      }),
    2,
  ),
  "startTls on junk": kind([junk, junk, junk], (world, transport, ssl, options) =>
    world.loop.startTls(transport as Transport, new RandomProtocol(world, "calm"), ssl as never, options as never),
  ),
  connectDuplex: kind([mood], (world, what) =>
    world.keep(world.loop.connectDuplex(factoryOf(world, what), ownStream(world)) as never),
  ),
  "connectDuplex to junk": kind([mood, junk], (world, what, stream) =>
    world.keep(world.loop.connectDuplex(factoryOf(world, what), stream as never) as never),
  ),
  asDuplex: kind([choice], (world, number) =>
    withTransport(world, number, (transport) => {
      const stream = asDuplex(transport);
      stream.on("error", () => {});
      world.streams.push(stream);
    }),
  ),
  "stream.write": kind([choice, fc.constantFrom(1, 1000, 100_000)], (world, number, size) =>
    pick(world.streams, number)?.write(Buffer.alloc(size, 1)),
  ),
  "stream.resume": kind([choice], (world, number) => pick(world.streams, number)?.resume()),
  "stream.end": kind([choice], (world, number) => pick(world.streams, number)?.end()),
  "stream.destroy": kind([choice], (world, number) => pick(world.streams, number)?.destroy()),
  createUnixServer: kind(
    [mood, path],
    (world, what, name) => keepServer(world, world.loop.createUnixServer(factoryOf(world, what), name) as never),
    2,
  ),
  "createUnixServer with TLS": kind([mood, path, timeouts], (world, what, name, options) =>
    keepServer(
      world,
      world.loop.createUnixServer(factoryOf(world, what), name, { ...options, ssl: ofServer }) as never,
    ),
  ),
  createUnixConnection: kind(
    [mood, path],
    (world, what, name) => world.keep(world.loop.createUnixConnection(factoryOf(world, what), name) as never),
    2,
  ),
  "createUnixConnection with TLS": kind([mood, path, context, timeouts], (world, what, name, ssl, options) =>
    world.keep(
      world.loop.createUnixConnection(factoryOf(world, what), name, {
        ...options,
        ssl,
        serverHostname: "localhost",
      }) as never,
    ),
  ),
  pipe: kind([pipeMood, pipeMood], (world, what, other) => {
    const [reader, writer] = pipe();
    over(world, "connectReadPipe", reader, () => world.loop.connectReadPipe(pipeFactoryOf(world, what), reader));
    over(world, "connectWritePipe", writer, () => world.loop.connectWritePipe(pipeFactoryOf(world, other), writer));
  }),
  "pipe.write": kind([choice, fc.constantFrom(1, 1000, 300_000)], (world, number, size) => {
    const transport = pick(world.pipes, number);
    if (transport !== undefined && "write" in transport) transport.write(Buffer.alloc(size, 1));
  }),
  "pipe.pauseReading": kind([choice], (world, number) => {
    const transport = pick(world.pipes, number);
    if (transport !== undefined && "pauseReading" in transport) transport.pauseReading();
  }),
  "pipe.close": kind([choice], (world, number) => pick(world.pipes, number)?.close()),
};
