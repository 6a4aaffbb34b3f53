/**
 * How datagrams get from one endpoint of a virtual network to others.
 *
 * Owns: who receives at which address; how long a datagram is under way, how many copies of it arrive, and who gets a broadcast.
 *
 * Does not own: the endpoints (`virtual-datagrams.ts`).
 */
import { describe, typeError, ValueError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import { addressDetails, type InetAddress } from "../net/address.js";
import { EADDRINUSE } from "../sys/errno.js";
import { errorText, systemError } from "../sys/errors.js";
import { ANYWHERE, BROADCAST, FreePorts, hostsMeet, keyOf } from "./virtual-address.js";

/** A datagram that is about to leave. */
export interface Datagram {
  readonly data: Buffer;
  readonly from: InetAddress;
  readonly to: InetAddress;
}

/**
 * After how many seconds a copy of a datagram arrives, for each copy. None loses it; two numbers double it; different
 * ones change the order.
 */
export type DatagramDelays = (datagram: Datagram) => readonly number[];

/** Whoever has an address for datagrams. */
export interface Receiver {
  readonly sockname: InetAddress;
  /** The address from which a datagram of that sender seems to come here; null if this receiver hears only somebody else. */
  _fromFor(sender: Receiver, from: InetAddress): InetAddress | null;
  /** A datagram has come. */
  _arrive(data: Buffer, from: InetAddress): void;
  /** What was sent has come to an address that nobody has. */
  _refused(): void;
}

export class DatagramPost {
  readonly #loop: EventLoop;
  readonly #latency: () => number;
  /** The addresses that are taken, also by those that are still to be receivers. */
  readonly #names = new Map<string, InetAddress>();
  readonly #receivers = new Map<string, Receiver>();
  readonly #ports = new FreePorts();
  #delays: DatagramDelays | null = null;

  /** @param latency how many seconds everything takes that `delays` does not tell of */
  constructor(loop: EventLoop, latency: () => number) {
    this.#loop = loop;
    this.#latency = latency;
  }

  get delays(): DatagramDelays | null {
    return this.#delays;
  }

  set delays(delays: DatagramDelays | null) {
    if (delays !== null && typeof delays !== "function") {
      throw typeError("ERR_NOT_CALLABLE", `datagramDelays must be a function or null, not ${describe(delays)}`);
    }
    this.#delays = delays;
  }

  /** The address with a port that is free, if it has none. @throws Error `EADDRINUSE` */
  bind(wanted: InetAddress): InetAddress {
    const isTaken = (port: number): boolean => {
      for (const other of this.#names.values()) {
        if (other.port === port && hostsMeet(other.host, wanted.host)) return true;
      }
      return false;
    };
    if (wanted.port === 0) return { ...wanted, port: this.#ports.take(isTaken) };
    if (!isTaken(wanted.port)) return wanted;
    throw systemError("bind", EADDRINUSE, { ...addressDetails(wanted), message: errorText(EADDRINUSE) });
  }

  /** Nobody else can have the address from now on. */
  take(sockname: InetAddress): void {
    this.#names.set(keyOf(sockname), sockname);
  }

  /** What comes to the receiver's address is for it. */
  enter(receiver: Receiver): void {
    this.#receivers.set(keyOf(receiver.sockname), receiver);
  }

  /** The address is free again. */
  leave(sockname: InetAddress): void {
    this.#names.delete(keyOf(sockname));
    this.#receivers.delete(keyOf(sockname));
  }

  /** Sends a datagram. @throws what `delays` throws; TypeError `ERR_NOT_A_NUMBER`, ValueError `ERR_BAD_TIME` for what it answers */
  send(datagram: Datagram, sender: Receiver): void {
    for (const seconds of this.#delaysOf(datagram)) this.#after(seconds, () => this.#deliver(datagram, sender));
  }

  #deliver(datagram: Datagram, sender: Receiver): void {
    const { host, port } = datagram.to;
    const { data } = datagram;
    if (host === BROADCAST) {
      for (const receiver of this.#receivers.values()) {
        const from = receiver.sockname.port === port ? receiver._fromFor(sender, datagram.from) : null;
        // Each in a call of its own: a protocol that ends the run does not keep the others from getting it.
        if (from !== null) this.#loop.callSoon(() => receiver._arrive(data, from));
      }
      return;
    }
    const hosts = [host, ...ANYWHERE];
    const receiver = hosts.map((each) => this.#receivers.get(keyOf({ host: each, port }))).find(Boolean);
    const from = receiver?._fromFor(sender, datagram.from) ?? null;
    if (from !== null) receiver?._arrive(data, from);
    else this.#after(this.#latency(), () => sender._refused());
  }

  #delaysOf(datagram: Datagram): readonly number[] {
    if (this.#delays === null) return [this.#latency()];
    const answer: unknown = this.#delays(datagram);
    if (!Array.isArray(answer) || answer.some((seconds) => typeof seconds !== "number")) {
      const hint = "[] loses the datagram";
      throw typeError(
        "ERR_NOT_A_NUMBER",
        `datagramDelays must answer an array of seconds, not ${describe(answer)}: ${hint}`,
      );
    }
    const wrong = answer.find((seconds) => !(seconds >= 0 && seconds < Number.POSITIVE_INFINITY));
    if (wrong === undefined) return answer;
    throw new ValueError("ERR_BAD_TIME", `A delay of a datagram must be 0 or more seconds, and finite, not ${wrong}`);
  }

  #after(seconds: number, callback: () => void): void {
    if (!this.#loop.isClosed()) this.#loop.callLater(seconds, callback);
  }
}
