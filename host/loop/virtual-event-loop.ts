/**
 * An event loop for tests: no real time passes, and nothing outside the process is touched.
 *
 * Owns: the choice of its driver (`scheduler/virtual-driver.ts`), and that it connects and listens in a network of its own.
 *
 * Does not own: that network (`virtual/`).
 */

import { runOutsideTasks } from "../futures/awaiting.js";
import type { Future } from "../futures/future.js";
import type { Address, InetAddress, UnixPath } from "../net/address.js";
import type { ConnectionOptions } from "../net/connect.js";
import type { ServerOptions } from "../net/create-server.js";
import type { DatagramAddress, DatagramEndpointOptions } from "../net/datagram-endpoint.js";
import type { DatagramTransport } from "../net/datagram-transport.js";
import type { Server } from "../net/server.js";
import type { Transport } from "../net/transport.js";
import type { UnixConnectionOptions, UnixPathLike } from "../net/unix-connect.js";
import type { UnixServerOptions } from "../net/unix-server.js";
import type { DatagramProtocol, StreamProtocol } from "../protocols.js";
import { VirtualDriver } from "../scheduler/virtual-driver.js";
import {
  connectToHost,
  connectToPath,
  listenAtHosts,
  listenAtPath,
  openDatagrams,
  type Place,
} from "../virtual/virtual-calls.js";
import { VirtualNetwork } from "../virtual/virtual-network.js";
import { EventLoop } from "./event-loop.js";

/**
 * A loop whose clock starts at 0 and jumps to the next deadline when nothing is ready. Its servers and its clients meet in a network
 * that is in memory. Watching fds is an error.
 */
export class VirtualEventLoop extends EventLoop {
  /** The network that its connections and servers are in, and nobody else's. */
  readonly network = new VirtualNetwork(this);

  constructor() {
    super(runOutsideTasks(() => new VirtualDriver()));
  }

  /**
   * Connects to a server of this loop. Each name of a host is a host; `localhost` has several.
   *
   * @throws UnsupportedError `ERR_VIRTUAL_NETWORK` for any option
   */
  override createConnection<P extends StreamProtocol>(
    protocolFactory: () => P,
    host?: string | null,
    port?: number | string | null,
    options: ConnectionOptions = {},
  ): Future<[transport: Transport, protocol: P]> {
    return connectToHost(this.#place, protocolFactory, host, port, options);
  }

  /** Listens for connections of this loop. @throws UnsupportedError `ERR_VIRTUAL_NETWORK` for options but `backlog` and `startServing` */
  override createServer<A extends Address = InetAddress>(
    protocolFactory: () => StreamProtocol,
    host?: string | readonly string[] | null,
    port?: number | string | null,
    options: ServerOptions<A> = {},
  ): Future<Server<A>> {
    return listenAtHosts(this.#place, protocolFactory, host, port, options);
  }

  /** As `createConnection`, to a path, which is no file. */
  override createUnixConnection<P extends StreamProtocol>(
    protocolFactory: () => P,
    path?: UnixPathLike | null,
    options: UnixConnectionOptions = {},
  ): Future<[transport: Transport, protocol: P]> {
    return connectToPath(this.#place, protocolFactory, path, options);
  }

  /** As `createServer`, at a path, which is no file. */
  override createUnixServer(
    protocolFactory: () => StreamProtocol,
    path?: UnixPathLike | null,
    options: UnixServerOptions = {},
  ): Future<Server<UnixPath>> {
    return listenAtPath(this.#place, protocolFactory, path, options);
  }

  /**
   * Opens an endpoint for datagrams of this loop.
   *
   * @throws UnsupportedError `ERR_VIRTUAL_NETWORK` for paths, and options but `family` and `allowBroadcast`
   */
  override createDatagramEndpoint<P extends DatagramProtocol>(
    protocolFactory: () => P,
    localAddr?: DatagramAddress | null,
    remoteAddr?: DatagramAddress | null,
    options: DatagramEndpointOptions = {},
  ): Future<[transport: DatagramTransport, protocol: P]> {
    return openDatagrams(this.#place, protocolFactory, localAddr, remoteAddr, options);
  }

  get #place(): Place {
    return { loop: this, network: this.network };
  }
}
