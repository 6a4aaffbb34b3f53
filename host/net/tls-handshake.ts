/**
 * Beginning TLS on a connection that is there.
 *
 * Owns: the handshake, its time limit, the test of a client's certificate; that nothing stays open when it fails or is
 * cancelled, and that the protocol hears of nothing then.
 *
 * Does not own: the connection below, until it is handed over here; the secure connection afterwards (`tls-transport.ts`).
 *
 * From: CPython 3.11 sslproto `SSLProtocol`.
 */

import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import type { checkServerIdentity, TLSSocket } from "node:tls";
import { describe, typeError } from "../errors.js";
import type { Future } from "../futures/future.js";
import type { Work } from "../futures/operation.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { StreamProtocol } from "../protocols.js";
import { asError, isError } from "../show.js";
import { ECONNABORTED, ECONNRESET } from "../sys/errno.js";
import { systemError } from "../sys/errors.js";
import { nodeTls, SSLContext } from "./ssl-context.js";
import { belowTls } from "./tls-below.js";
import type { TlsSide } from "./tls-options.js";
import { TlsTransport } from "./tls-transport.js";
import { type Transport, transportClosing } from "./transport.js";

/**
 * Shakes hands over a connection, as part of an operation, and makes a secure transport of it. The connection is closed if
 * that fails.
 *
 * @param below the connection, which is this function's from here on
 * @param announce whether to call the protocol's `connectionMade`
 * @param made called with the secure transport before that
 */
export function* secure(
  loop: EventLoop,
  below: Transport,
  protocol: StreamProtocol,
  side: TlsSide,
  announce = true,
  made?: (transport: TlsTransport) => void,
): Work<TlsTransport> {
  let socket: TLSSocket | null = null;
  try {
    loop._scheduler.checkNodeGoesOn("TLS goes on");
    if (below.isClosing()) throw transportClosing();
    const base = belowTls(loop, below);
    socket = begin(base.stream, side);
    yield* handshake(loop, socket, base.stream, side);
    const transport = new TlsTransport(loop, socket, base, protocol, side, { announce });
    made?.(transport);
    // After connectionMade, which was scheduled just before.
    yield;
    return transport;
  } catch (error) {
    socket?.destroy();
    below.abort();
    throw error;
  }
}

function begin(wire: Duplex, side: TlsSide): TLSSocket {
  // What breaks below breaks the stream above, and is told there.
  wire.on("error", ignore);
  const { context } = side;
  const tls = nodeTls();
  const socket = side.isServer
    ? new tls.TLSSocket(wire, {
        isServer: true,
        ...context._connectionOptions(),
        requestCert: context.options.requestCert ?? false,
        rejectUnauthorized: context._verifies,
        ...serverNames(context),
      })
    : tls.connect({
        socket: wire,
        ...context._connectionOptions(),
        rejectUnauthorized: context._verifies,
        ...clientNames(side),
      });
  // Only servers of node:tls's own act on an error that comes after the handshake.
  if (side.isServer) socket.on("_tlsError", (error: Error) => socket.destroy(error));
  return socket.on("error", ignore);
}

/** A number cannot be asked for as a name, but the certificate must be for it all the same. */
function clientNames({ context, serverHostname }: TlsSide): object {
  const { checkServerIdentity } = context.options;
  if (serverHostname === "") return { checkServerIdentity: () => undefined };
  const name = isIP(serverHostname) ? { host: serverHostname } : { host: serverHostname, servername: serverHostname };
  return checkServerIdentity === undefined ? name : { ...name, checkServerIdentity: answering(checkServerIdentity) };
}

/** What the user's test throws is its answer, as is what it should not answer: node:tls would let either end the process. */
function answering(test: typeof checkServerIdentity): typeof checkServerIdentity {
  return (host, certificate) => {
    try {
      const answer: unknown = test(host, certificate);
      if (!answer) return undefined;
      if (isError(answer)) return answer;
      throw typeError(
        "ERR_INVALID_ARG_TYPE",
        `checkServerIdentity must return an Error or nothing, not ${describe(answer)}`,
      );
    } catch (error) {
      return asError(error);
    }
  };
}

function serverNames({ options: { SNICallback } }: SSLContext): object {
  if (SNICallback === undefined) return {};
  return {
    SNICallback: (name: string, done: (error: Error | null, context?: object) => void) => {
      try {
        SNICallback(name, (error, context) =>
          done(error && asError(error), context instanceof SSLContext ? context._secureContext : context),
        );
      } catch (error) {
        throw asError(error);
      }
    },
  };
}

function* handshake(loop: EventLoop, socket: TLSSocket, wire: Duplex, side: TlsSide): Work<void> {
  const done = loop.createFuture<void>();
  const succeed = (): void => settle(done, side.isServer ? whyNotTrusted(socket, side.context) : null);
  const fail = (error: Error): void => settle(done, error);
  const end = (): void => settle(done, wire.errored ?? closedEarly());
  const timer = loop.callLater(side.handshakeSeconds, () => settle(done, tooSlow(side.handshakeSeconds)));
  const event = side.isServer ? "secure" : "secureConnect";
  socket.on(event, succeed).on("error", fail).on("close", end).on("end", end);
  // A server's side waits for ever for a client that has hung up.
  wire.on("end", end);
  try {
    yield* done;
  } finally {
    timer.cancel();
    socket.off(event, succeed).off("error", fail).off("close", end).off("end", end);
    wire.off("end", end);
  }
}

function settle(future: Future<void>, error: Error | null): void {
  if (future.done() || future.getLoop().isClosed()) return;
  if (error === null) future.setResult(undefined);
  else future.setException(error);
}

/** Why a client is to be turned away, or null. node:tls does this test for its own servers only. */
function whyNotTrusted(socket: TLSSocket, { options, _verifies }: SSLContext): Error | null {
  if (!options.requestCert || !_verifies) return null;
  const { ssl } = socket as unknown as { ssl: { verifyError(): Error | null } };
  return ssl.verifyError();
}

function tooSlow(seconds: number): Error {
  const message = `SSL handshake is taking longer than ${seconds} seconds: aborting the connection`;
  return systemError("handshake", ECONNABORTED, { message });
}

function closedEarly(): Error {
  return systemError("handshake", ECONNRESET, { message: "the connection was closed before TLS had begun" });
}

function ignore(): void {}
