/**
 * Whom a datagram endpoint may send to.
 *
 * Owns: what an address must be, given the endpoint's only peer or the lack of one; sending to an address, whose form for the
 * kernel is kept for as long as the same one is sent to.
 *
 * Does not own: when to send, and datagrams that wait (`socket-datagrams.ts`).
 */

import { describe, typeError, ValueError } from "../errors.js";
import { SocketName } from "../sys/sockaddr.js";
import { sendToName } from "../sys/socket.js";
import { type Address, checkAddress, formatAddress, type InetAddress } from "./address.js";
import type { Socket } from "./socket.js";

export class DatagramPeers {
  readonly #socket: Socket;
  readonly #peer: Address | null;
  readonly #connected: boolean;
  /** The address that was sent to last, as the kernel takes it. */
  readonly #name = new SocketName();
  #nameLength = 0;
  /** The address that `#name` was written from, if it is frozen and so cannot have changed since. */
  #named: Address | null = null;

  /**
   * @param peer the only one
   * @param connected whether the socket is connected to it
   */
  constructor(socket: Socket, peer: Address | null, connected: boolean) {
    this.#socket = socket;
    this.#peer = peer;
    this.#connected = connected;
  }

  /** Where to send to: null for the connected peer. */
  find(address: Address | null): Address | null {
    const peer = this.#peer;
    if (peer === null) {
      if (address !== null && address === this.#named) return address;
      if (address === null || address === undefined) {
        const hint = "pass one, or give the endpoint a remoteAddr";
        throw typeError("ERR_INVALID_ADDRESS", `sendto() needs an address here, not ${describe(address)}: ${hint}`);
      }
      const checked = checkAddress(this.#socket.family, address);
      return isMeantAsItIs(address, checked) ? address : checked;
    }
    if (address !== null && address !== peer && !isSame(this.#socket.family, address, peer)) {
      const wanted = `must be null or ${formatAddress(peer)}`;
      throw new ValueError("ERR_INVALID_ADDRESS", `Invalid address: ${wanted}, the endpoint's remoteAddr`);
    }
    return this.#connected ? null : peer;
  }

  /** Sends one to what `find` has answered. Answers a negative errno, or how many bytes were taken. */
  send(data: Uint8Array, address: Address | null): number {
    if (address === null) return this.#socket._send(data);
    if (address !== this.#named) {
      const length = this.#name.write(this.#socket.family, address);
      this.#named = length > 0 && Object.isFrozen(address) ? address : null;
      if (length < 0) return length;
      this.#nameLength = length;
    }
    return sendToName(this.#socket.fileno(), data, 0, this.#name, this.#nameLength);
  }
}

/** Whether the address is what the kernel takes as it stands, and cannot change. */
function isMeantAsItIs(address: Address, checked: Address): boolean {
  return Object.isFrozen(address) && (address as Partial<InetAddress>).host === (checked as Partial<InetAddress>).host;
}

function isSame(family: number, address: Address, peer: Address): boolean {
  return formatAddress(checkAddress(family, address)) === formatAddress(peer);
}
