/**
 * The options about TLS that calls have: `ssl`, `serverHostname`, `sslHandshakeTimeout`, `sslShutdownTimeout`.
 *
 * Owns: testing them at the call, and what is meant where one is left out.
 *
 * Does not own: what is in a context (`ssl-context.ts`).
 *
 * From: CPython 3.11 base_events `create_connection` and `create_server`, sslproto `SSLProtocol.__init__`.
 */

import { checkAbsent } from "../arguments.js";
import { describe, typeError, ValueError } from "../errors.js";
import { defaultContext, SSLContext } from "./ssl-context.js";

const HANDSHAKE_TIMEOUT_SECONDS = 60;
const SHUTDOWN_TIMEOUT_SECONDS = 30;

/** How long TLS may take to begin and to end. */
export interface TlsTimeouts {
  /** After how many seconds a handshake that goes on is given up; 60 by default. */
  sslHandshakeTimeout?: number;
  /** After how many seconds a connection that is closing is cut off; 30 by default. */
  sslShutdownTimeout?: number;
}

/** What servers, and whoever takes accepted sockets, may say about TLS. */
export interface ServerTlsOptions extends TlsTimeouts {
  /** Has connections speak TLS, with this context, which must hold a certificate and its key. */
  ssl?: SSLContext | null;
}

/** What clients may say about TLS. */
export interface ClientTlsOptions extends TlsTimeouts {
  /** Has the connection speak TLS: with this context, or with the default one for true. */
  ssl?: SSLContext | boolean | null;
  /**
   * The name that the server's certificate must be for; the host by default. **Dangerous**: "" accepts a certificate for any
   * name, so anybody who has a valid one can be in the middle.
   */
  serverHostname?: string;
}

export const SERVER_TLS_KEYS = ["ssl", "sslHandshakeTimeout", "sslShutdownTimeout"];
export const CLIENT_TLS_KEYS = [...SERVER_TLS_KEYS, "serverHostname"];

/** One side of a connection over TLS. */
export interface TlsSide {
  readonly context: SSLContext;
  readonly isServer: boolean;
  /** Clients: the name to ask for and to test; "" to test none. */
  readonly serverHostname: string;
  readonly handshakeSeconds: number;
  readonly shutdownSeconds: number;
}

/**
 * Tests a client's options.
 *
 * @param host the name that the user connects to, or null if there is none
 * @returns null without TLS
 * @throws ValueError `ERR_CONFLICTING_OPTIONS`, `ERR_NO_HOSTNAME`, `ERR_BAD_TIME`; TypeError `ERR_INVALID_ARG_TYPE`
 */
export function checkClientTls(options: ClientTlsOptions, host: string | null): TlsSide | null {
  const { ssl, serverHostname } = options;
  if (ssl === undefined || ssl === null || ssl === false) {
    checkNoTls({ ...options, serverHostname });
    return null;
  }
  if (ssl !== true && !(ssl instanceof SSLContext)) {
    throw notAContext("The option ssl must be true or an SSLContext", ssl);
  }
  if (serverHostname !== undefined && typeof serverHostname !== "string") {
    const problem = `must be a string, not ${describe(serverHostname)}`;
    throw typeError("ERR_INVALID_ARG_TYPE", `The option serverHostname ${problem}`);
  }
  const name = serverHostname ?? host;
  if (name === null) {
    const hint = 'say which name the certificate must be for, or "" for any, which is dangerous';
    throw new ValueError("ERR_NO_HOSTNAME", `You must set serverHostname when using ssl without a host: ${hint}`);
  }
  const context = ssl === true ? defaultContext() : ssl;
  return { context, isServer: false, serverHostname: name, ...timeouts(options) };
}

/**
 * Tests a server's options.
 *
 * @returns null without TLS
 * @throws as `checkClientTls`; ValueError `ERR_NO_CERTIFICATE`
 */
export function checkServerTls(options: ServerTlsOptions): TlsSide | null {
  const { ssl } = options;
  if (ssl === undefined || ssl === null) {
    checkNoTls(options);
    return null;
  }
  if (!(ssl instanceof SSLContext)) {
    throw notAContext("ssl argument must be an SSLContext or null", ssl);
  }
  if (!ssl._canServe) {
    const hint = "make it with cert and key, with pfx, or with an SNICallback";
    throw new ValueError("ERR_NO_CERTIFICATE", `The SSLContext of a server has nothing to show to clients: ${hint}`);
  }
  return { context: ssl, isServer: true, serverHostname: "", ...timeouts(options) };
}

function checkNoTls(options: TlsTimeouts & { serverHostname?: string | undefined }): void {
  const { serverHostname, sslHandshakeTimeout, sslShutdownTimeout } = options;
  checkAbsent("there is no ssl", { serverHostname, sslHandshakeTimeout, sslShutdownTimeout });
}

function timeouts(options: TlsTimeouts): { handshakeSeconds: number; shutdownSeconds: number } {
  return {
    handshakeSeconds: seconds("sslHandshakeTimeout", options.sslHandshakeTimeout, HANDSHAKE_TIMEOUT_SECONDS),
    shutdownSeconds: seconds("sslShutdownTimeout", options.sslShutdownTimeout, SHUTDOWN_TIMEOUT_SECONDS),
  };
}

function seconds(name: string, value: unknown, byDefault: number): number {
  if (value === undefined || value === null) return byDefault;
  if (typeof value !== "number") {
    throw typeError("ERR_INVALID_ARG_TYPE", `${name} must be a number of seconds, not ${describe(value)}`);
  }
  if (value > 0) return value;
  throw new ValueError(
    "ERR_BAD_TIME",
    `${name} should be a positive number, not ${value}: leave it out for ${byDefault}`,
  );
}

/** The error for something else in the place of a context. */
export function notAContext(wanted: string, value: unknown): TypeError {
  const hint = "make one with new SSLContext(options)";
  return typeError("ERR_INVALID_ARG_TYPE", `${wanted}, not ${describe(value)}: ${hint}`);
}
