/** The protocols of random programs, and the transports that they have got. */
import fc from "fast-check";
import { Protocol, type Transport } from "../../host/index.js";
import { Planted, pick, type World } from "./world.js";

/** A protocol that may throw, close or abort wherever it is called. */
export class RandomProtocol extends Protocol {
  constructor(
    readonly world: World,
    readonly mood: string,
  ) {
    super();
  }

  override connectionMade(transport: Transport): void {
    this.world.transports.push(transport);
    this.#act("connectionMade", transport);
  }

  override dataReceived(): void {
    this.#act("dataReceived", this.world.transports.at(-1));
  }

  override eofReceived(): boolean {
    return this.mood === "half open";
  }

  override connectionLost(): void {
    this.#act("connectionLost", undefined);
  }

  #act(where: string, transport: Transport | undefined): void {
    if (this.mood === `throws in ${where}`) throw new Planted(where);
    if (this.mood === `closes in ${where}`) transport?.close();
    if (this.mood === `aborts in ${where}`) transport?.abort();
  }
}

export const mood: fc.Arbitrary<string> = fc.constantFrom(
  "calm",
  "half open",
  ...["connectionMade", "dataReceived", "connectionLost"].flatMap((where) => [
    `throws in ${where}`,
    `closes in ${where}`,
    `aborts in ${where}`,
  ]),
  "no protocol",
  "factory throws",
);

export function factoryOf(world: World, what: string): () => RandomProtocol {
  return () => {
    if (what === "factory throws") throw new Planted("in the factory");
    return (what === "no protocol" ? 1 : new RandomProtocol(world, what)) as RandomProtocol;
  };
}

export const withTransport = (world: World, number: number, action: (transport: Transport) => unknown): unknown => {
  const transport = pick(world.transports, number);
  return transport === undefined ? undefined : action(transport);
};
