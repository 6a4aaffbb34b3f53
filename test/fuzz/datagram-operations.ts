/** Operations on endpoints for datagrams, which both kinds of loop have. */
import fc from "fast-check";
import { DatagramProtocol, type DatagramTransport } from "../../host/index.js";
import { type Kind, kind } from "./operation.js";
import { choice, junk } from "./values.js";
import { Planted, pick, type World } from "./world.js";

/** Looks at the exception of whatever was begun. */
export function begun(world: World, future: PromiseLike<unknown>): void {
  future.then(null, (error: unknown) => world.judge("what was begun", error));
}

/** Keeps a future whose exception somebody looks at. */
export function keep<T extends PromiseLike<unknown>>(world: World, future: T): T {
  world.futures.push(future as never);
  return future;
}

class RandomDatagramProtocol extends DatagramProtocol {
  #transport: DatagramTransport | undefined;

  constructor(
    readonly world: World,
    readonly mood: string,
  ) {
    super();
  }

  override connectionMade(transport: DatagramTransport): void {
    this.#transport = transport;
    this.world.endpoints.push(transport);
    this.#act("connectionMade");
  }

  override datagramReceived(data: Buffer, address: DatagramTarget): void {
    // An answer to one's own would be answered for ever.
    if (this.mood === "answers" && data.length > 0) this.#transport?.sendto(data.subarray(1), address);
    this.#act("datagramReceived");
  }

  override errorReceived(): void {
    this.#act("errorReceived");
  }

  override pauseWriting(): void {
    this.#act("pauseWriting");
  }

  override connectionLost(): void {
    this.#act("connectionLost");
  }

  #act(where: string): void {
    if (this.mood === `throws in ${where}`) throw new Planted(where);
    if (this.mood === `closes in ${where}`) this.#transport?.close();
    if (this.mood === `aborts in ${where}`) this.#transport?.abort();
  }
}

type DatagramTarget = Parameters<DatagramTransport["sendto"]>[1];

export const datagramMood = fc.constantFrom(
  "calm",
  "answers",
  ...["connectionMade", "datagramReceived", "errorReceived", "pauseWriting", "connectionLost"].flatMap((where) => [
    `throws in ${where}`,
    `closes in ${where}`,
    `aborts in ${where}`,
  ]),
  "factory throws",
);

export function datagramFactoryOf(world: World, what: string): () => RandomDatagramProtocol {
  return () => {
    if (what === "factory throws") throw new Planted("in the factory");
    return new RandomDatagramProtocol(world, what);
  };
}

/** One of them is larger than UDP takes. */
export const datagram = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 1, 100, 60_000, 70_000).map((size) => Buffer.alloc(size, 1)) },
  { weight: 1, arbitrary: junk },
);

const withEndpoint = (world: World, number: number, action: (endpoint: DatagramTransport) => unknown): unknown => {
  const endpoint = pick(world.endpoints, number);
  return endpoint === undefined ? undefined : action(endpoint);
};

/** Where an endpoint is, as far as it is anywhere. */
export function addressOf(world: World, number: number): DatagramTarget {
  return (pick(world.endpoints, number)?.getExtraInfo("sockname") ?? null) as DatagramTarget;
}

export const datagramOperations: Record<string, Kind> = {
  createDatagramEndpoint: kind(
    [
      datagramMood,
      fc.oneof(
        { weight: 8, arbitrary: fc.constant({ host: "127.0.0.1", port: 0 }) },
        { weight: 1, arbitrary: fc.constant({ host: "::1", port: 0 }) },
        // A path would become a file.
        { weight: 1, arbitrary: junk.filter((value) => typeof value !== "string" && !(value instanceof Uint8Array)) },
      ),
    ],
    (world, what, local) => {
      const factory = datagramFactoryOf(world, what);
      begun(world, keep(world, world.loop.createDatagramEndpoint(factory, local as never)));
    },
    2,
  ),
  "createDatagramEndpoint to another": kind([datagramMood, choice], (world, what, number) => {
    const remote = addressOf(world, number) ?? { host: "127.0.0.1", port: 1 };
    const factory = datagramFactoryOf(world, what);
    begun(world, keep(world, world.loop.createDatagramEndpoint(factory, null, remote as never)));
  }),
  "endpoint.sendto": kind(
    [choice, datagram, choice],
    (world, number, data, other) =>
      withEndpoint(world, number, (endpoint) => endpoint.sendto(data as never, addressOf(world, other))),
    4,
  ),
  "endpoint.sendto many": kind([choice, fc.constantFrom(0, 1, 1000)], (world, number, size) =>
    withEndpoint(world, number, (endpoint) => {
      for (let count = 0; count < 50 && !endpoint.isClosing(); count++) endpoint.sendto(Buffer.alloc(size, 1));
    }),
  ),
  "endpoint.sendto anywhere": kind([choice, junk], (world, number, address) =>
    withEndpoint(world, number, (endpoint) => endpoint.sendto(Buffer.from("?"), address as never)),
  ),
  "endpoint.setWriteBufferLimits": kind([choice, fc.constantFrom(0, 1, 5000)], (world, number, high) =>
    withEndpoint(world, number, (endpoint) => endpoint.setWriteBufferLimits({ high })),
  ),
  "endpoint.close": kind([choice], (world, number) => withEndpoint(world, number, (endpoint) => endpoint.close())),
  "endpoint.abort": kind([choice], (world, number) => withEndpoint(world, number, (endpoint) => endpoint.abort())),
};
