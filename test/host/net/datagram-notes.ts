/**
 * What the tests of datagrams share.
 *
 * Owns: a protocol that notes what happens to it.
 */
import type { Future } from "../../../host/futures/future.js";
import type { EventLoop } from "../../../host/loop/event-loop.js";
import type { Address, InetAddress } from "../../../host/net/address.js";
import type { DatagramTransport } from "../../../host/net/datagram-transport.js";
import type { DatagramProtocol } from "../../../host/protocols.js";

/** Notes in asyncio's initials what happens: CM, DR, EV for errors, CL, and PW, RW. */
export class Notes implements DatagramProtocol {
  readonly trace: string[] = [];
  readonly got: [text: string, address: Address | null][] = [];
  readonly errors: (Error & { code?: string })[] = [];
  readonly lost: Future<Error | null>;
  transport!: DatagramTransport;
  readonly #loop: EventLoop;
  #waits: (() => void)[] = [];

  constructor(loop: EventLoop) {
    this.#loop = loop;
    this.lost = loop.createFuture();
  }

  connectionMade(transport: DatagramTransport): void {
    this.trace.push("CM");
    this.transport = transport;
  }

  datagramReceived(data: Buffer, address: Address | null): void {
    this.#note("DR");
    this.got.push([data.toString(), address]);
  }

  errorReceived(error: Error): void {
    this.#note("EV");
    this.errors.push(error);
  }

  pauseWriting(): void {
    this.trace.push("PW");
  }

  resumeWriting(): void {
    this.trace.push("RW");
  }

  connectionLost(error: Error | null): void {
    this.trace.push("CL");
    this.lost.setResult(error);
  }

  get texts(): string[] {
    return this.got.map(([text]) => text);
  }

  /** Done when what was noted will do. */
  async until(isEnough: () => boolean): Promise<void> {
    while (!isEnough()) {
      const future = this.#loop.createFuture<void>();
      this.#waits.push(() => future.setResult(undefined));
      await future;
    }
  }

  #note(initials: string): void {
    if (this.trace.at(-1) !== initials) this.trace.push(initials);
    const waits = this.#waits;
    this.#waits = [];
    for (const wake of waits) this.#loop.callSoon(wake);
  }
}

/** The address that an endpoint is bound to. */
export function addressOf(transport: DatagramTransport): InetAddress {
  return transport.getExtraInfo("sockname") as InetAddress;
}

/** Closes endpoints, and waits until they are lost. */
export async function close(...notes: Notes[]): Promise<void> {
  for (const { transport } of notes) transport.close();
  for (const { lost } of notes) await lost;
}
