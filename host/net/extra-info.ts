/**
 * What `getExtraInfo` tells of connections.
 *
 * Owns: the names, and the types of what they stand for. Does not own: finding it out (the transports).
 *
 * From: CPython 3.13, `BaseTransport.get_extra_info`. Differs: `peercred`, `alpnProtocol` and `duplex` are ours.
 */
import type { Duplex } from "node:stream";
import type { CipherNameAndProtocol, PeerCertificate, TLSSocket } from "node:tls";
import type { Address } from "./address.js";
import type { PeerCredentials } from "./peer-credentials.js";
import type { Socket } from "./socket.js";
import type { SSLContext } from "./ssl-context.js";

/** What is known of a connection, by name. What does not apply to one is null. */
export interface ExtraInfo {
  /** The socket, to be looked at and to have its options set. There is none below `connectDuplex`. */
  socket: Socket;
  /** The address of this end. */
  sockname: Address;
  /** The address of the peer. */
  peername: Address;
  /** Who the peer is. Over Unix sockets only. */
  peercred: PeerCredentials;
  /** The stream of Node's that it runs over. With `connectDuplex` only. */
  duplex: Duplex;
  /** With what TLS was set up. This and what follows over TLS only. */
  sslcontext: SSLContext;
  /** The connection as `node:tls` has it. */
  sslObject: TLSSocket;
  /** The peer's certificate, if it has shown one, as `TLSSocket.getPeerCertificate` answers it. */
  peercert: PeerCertificate;
  /** The cipher, as `TLSSocket.getCipher` answers it. */
  cipher: CipherNameAndProtocol;
  /** What ALPN has come to. */
  alpnProtocol: string;
}
