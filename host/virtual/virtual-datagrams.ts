/**
 * Endpoints for datagrams in a virtual network.
 *
 * Owns: whom one may send to; telling the protocol of what has come, and of peers that are not there. It behaves as an
 * endpoint over a socket does, but for what waits: the network takes everything at once.
 *
 * Does not own: the way of a datagram (`datagram-post.ts`).
 */
import { checkBytes, checkInteger } from "../arguments.js";
import { describe, typeError, ValueError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import { type Address, addressDetails, formatAddress, type InetAddress, PORT_MAX } from "../net/address.js";
import type { Arrival } from "../net/datagram-arrivals.js";
import { DatagramTransport } from "../net/datagram-transport.js";
import { endSoon } from "../net/ending.js";
import { noteClosed, noteOpen } from "../net/owners.js";
import type { DatagramProtocol } from "../protocols.js";
import { boundCall } from "../scheduler/call.js";
import { captureContext } from "../scheduler/context.js";
import { EACCES, ECONNREFUSED, EINVAL, EMSGSIZE } from "../sys/errno.js";
import { errorText, systemError } from "../sys/errors.js";
import type { DatagramPost, Receiver } from "./datagram-post.js";
import { ANYWHERE, BROADCAST, destinationOf, hostNamed, keyOf } from "./virtual-address.js";

/** What an IPv4 datagram has room for. */
const DATAGRAM_BYTES_MAX = 65_507;

/** How an endpoint is open. */
export interface VirtualDatagramsOptions {
  readonly sockname: InetAddress;
  /** The only peer, or null for any. */
  readonly peer: InetAddress | null;
  readonly allowBroadcast: boolean;
}

export class VirtualDatagrams extends DatagramTransport implements Receiver {
  readonly sockname: InetAddress;
  readonly #post: DatagramPost;
  readonly #peer: InetAddress | null;
  /** The only address from which datagrams are taken, as it appears here; null for all. */
  readonly #heard: InetAddress | null;
  readonly #allowBroadcast: boolean;
  readonly #context = captureContext();
  /** What has come before whoever awaits the endpoint had its turn; null afterwards. */
  #early: Arrival[] | null = [];
  #closing = false;

  /** @internal Users call `loop.createDatagramEndpoint()`. */
  constructor(loop: EventLoop, post: DatagramPost, protocol: DatagramProtocol, options: VirtualDatagramsOptions) {
    const { sockname, peer, allowBroadcast } = options;
    const connected = allowBroadcast ? null : peer;
    // Copies, since whoever asks for them may change them.
    super(loop, protocol, { sockname: { ...sockname }, peername: connected && { ...connected } });
    this.sockname = sockname;
    this.#post = post;
    this.#peer = peer;
    this.#heard = connected && Object.freeze(destinationOf({ ...connected }));
    this.#allowBroadcast = allowBroadcast;
    post.enter(this);
    noteOpen(loop, this);
    // Later than whoever awaits the endpoint goes on, be it a generator or an async function.
    loop.callSoon(() => loop.callSoon(() => this.#start()));
  }

  override sendto(data: Uint8Array, address: Address | null = null): void {
    checkBytes("The data", data);
    const to = this.#find(address);
    if (this.#closing) return this._dropSend();
    const errno = this.#whyNot(data, to);
    if (errno !== 0) return this.#tellError(errno, to);
    const [from, destination] = [Object.freeze(destinationOf(this.sockname)), Object.freeze(destinationOf(to))];
    this.#post.send({ data: Buffer.from(data), from, to: destination }, this);
  }

  override close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#early = null;
    endSoon(this._loop, this, null);
  }

  override abort(): void {
    this.close();
  }

  override isClosing(): boolean {
    return this.#closing;
  }

  override getWriteBufferSize(): number {
    return 0;
  }

  override toString(): string {
    return `<DatagramTransport ${formatAddress(this.sockname)}${this.#closing ? " closing" : ""}>`;
  }

  /** @internal */
  _fromFor({ sockname }: Receiver, from: InetAddress): InetAddress | null {
    const heard = this.#heard;
    if (heard === null || keyOf(from) === keyOf(heard)) return from;
    // A sender that is bound to all hosts is at the peer's host too.
    return ANYWHERE.includes(sockname.host) && sockname.port === heard.port ? heard : null;
  }

  /** @internal */
  _arrive(data: Buffer, from: InetAddress): void {
    // Each has bytes of its own.
    this.#take([Buffer.from(data), from]);
  }

  /** @internal Only a connected socket is told. */
  _refused(): void {
    if (this.#heard === null) return;
    this.#take(systemError("recvmmsg", ECONNREFUSED, { message: errorText(ECONNREFUSED) }));
  }

  /** @internal */
  _end(error: Error | null): void {
    try {
      this._protocol.connectionLost?.(error);
    } finally {
      this._abandon();
    }
  }

  /** @internal */
  _abandon(): void {
    noteClosed(this._loop, this);
    this.#post.leave(this.sockname);
  }

  #start(): void {
    const early = this.#early;
    if (early === null) return;
    // What comes while these are handed out queues behind them.
    this.#early = early.length > 0 ? [] : null;
    for (const arrival of early) this._loop.callSoon(hand, this, arrival);
    if (early.length > 0) this._loop.callSoon(() => this.#start());
  }

  #take(arrival: Arrival): void {
    if (this.#closing) return;
    if (this.#early !== null) this.#early.push(arrival);
    else boundCall(hand, [this, arrival], this.#context).run();
  }

  /** @internal */
  _handOn(arrival: Arrival): void {
    if (!this.#closing) this._hand(arrival);
  }

  /** Where to send to. */
  #find(address: Address | null): InetAddress {
    const peer = this.#peer;
    if (address === null || address === undefined) {
      if (peer !== null) return peer;
      const hint = "pass one, or give the endpoint a remoteAddr";
      throw typeError("ERR_INVALID_ADDRESS", `sendto() needs an address here, not ${describe(address)}: ${hint}`);
    }
    const checked = checkVirtualAddress(address);
    if (peer === null || keyOf(checked) === keyOf(peer)) return checked;
    const wanted = `must be null or ${formatAddress(peer)}`;
    throw new ValueError("ERR_INVALID_ADDRESS", `Invalid address: ${wanted}, the endpoint's remoteAddr`);
  }

  /** The errno with which a datagram cannot be sent, or 0. */
  #whyNot(data: Uint8Array, { host, port }: InetAddress): number {
    if (host === BROADCAST && !this.#allowBroadcast) return EACCES;
    if (port === 0 && this.#heard === null) return EINVAL;
    return data.length > DATAGRAM_BYTES_MAX ? EMSGSIZE : 0;
  }

  /** A system that knows the peer is not told of an address. */
  #tellError(errno: number, address: InetAddress): void {
    const [syscall, details] = this.#heard === null ? ["sendto", addressDetails(address)] : ["send", {}];
    this._hand(systemError(syscall, errno, { message: errorText(errno), ...details }));
  }
}

function hand(transport: VirtualDatagrams, arrival: Arrival): void {
  transport._handOn(arrival);
}

/**
 * Answers the address as the network has it.
 *
 * @throws TypeError `ERR_INVALID_ADDRESS`, `ERR_INVALID_ARG_TYPE`; ValueError `ERR_OUT_OF_RANGE`
 */
function checkVirtualAddress(address: unknown): InetAddress {
  const { host, port } = (address ?? {}) as Partial<InetAddress>;
  if (typeof address !== "object" || typeof host !== "string") {
    throw typeError("ERR_INVALID_ADDRESS", `The address must be { host, port }, not ${describe(address)}`);
  }
  return { host: hostNamed(host), port: checkInteger("The port of an address", port, 0, PORT_MAX) };
}
