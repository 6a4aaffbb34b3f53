/**
 * What a side of a TLS connection has and wants: certificates, keys, whom it trusts, which protocols it speaks.
 *
 * Owns: the options of `node:tls`, tested once, and what OpenSSL made of them, which connections share.
 *
 * Does not own: connections (`tls-handshake.ts`), nor the name that a server must have, which each connection says itself.
 *
 * From: CPython's ssl.SSLContext in its place; the options are those of tls.createSecureContext and tls.connect.
 * node:tls is loaded with the first context, since most programs need none.
 */

import { createRequire } from "node:module";
import type * as tls from "node:tls";
import { checkBoolean, checkOptions } from "../arguments.js";
import { describe, typeError } from "../errors.js";

/** Which certificate to show to a client that has asked for a name. */
export type SNICallback = (
  servername: string,
  callback: (error: Error | null, context?: SSLContext | tls.SecureContext) => void,
) => void;

/** Options of a context: those of `tls.createSecureContext`, and what `tls.connect` and `tls.createServer` add to them. */
export interface SSLContextOptions extends tls.SecureContextOptions {
  /** The application protocols that are spoken, best first, such as `["h2", "http/1.1"]`. */
  ALPNProtocols?: readonly string[];
  /** Servers: chooses by the name that the client asks for. */
  SNICallback?: SNICallback;
  /** Servers: whether to ask clients for a certificate; false by default. */
  requestCert?: boolean;
  /** Whether a peer without a certificate that is trusted is turned away; true by default. */
  rejectUnauthorized?: boolean;
  /** Clients: takes the place of the test of the server's name. */
  checkServerIdentity?: (hostname: string, certificate: tls.PeerCertificate) => Error | undefined;
}

const OF_CONNECTIONS = ["ALPNProtocols", "SNICallback", "requestCert", "rejectUnauthorized", "checkServerIdentity"];
const OF_CONTEXTS = [
  ...["ca", "cert", "ciphers", "crl", "dhparam", "ecdhCurve", "honorCipherOrder", "key", "maxVersion", "minVersion"],
  ...[
    "passphrase",
    "pfx",
    "secureOptions",
    "secureProtocol",
    "sessionIdContext",
    "sessionTimeout",
    "sigalgs",
    "ticketKeys",
  ],
];

let library: typeof tls | undefined;

/** node:tls. */
export function nodeTls(): typeof tls {
  library ??= createRequire(import.meta.url)("node:tls") as typeof tls;
  return library;
}

/**
 * A context for TLS connections. Without options it is one for clients that trust the authorities that Node does; a server
 * needs `cert` and `key`, or `pfx`.
 *
 * @throws TypeError `ERR_UNKNOWN_OPTION`, `ERR_INVALID_ARG_TYPE`; what OpenSSL says of certificates and keys that are none
 */
export class SSLContext {
  /** The options that it was made with. */
  readonly options: Readonly<SSLContextOptions>;
  /** @internal */ readonly _secureContext: tls.SecureContext;

  constructor(options: SSLContextOptions = {}) {
    checkOptions("SSLContext", options, [...OF_CONTEXTS, ...OF_CONNECTIONS]);
    checkBoolean("requestCert", options.requestCert);
    checkBoolean("rejectUnauthorized", options.rejectUnauthorized);
    for (const name of ["SNICallback", "checkServerIdentity"] as const) {
      const value: unknown = options[name];
      if (value !== undefined && typeof value !== "function") {
        throw typeError("ERR_INVALID_ARG_TYPE", `The option ${name} must be a function, not ${describe(value)}`);
      }
    }
    const { ALPNProtocols } = options;
    if (ALPNProtocols !== undefined && !isListOfNames(ALPNProtocols)) {
      throw typeError("ERR_INVALID_ARG_TYPE", "The option ALPNProtocols must be an array of strings");
    }
    this.options = Object.freeze({ ...options });
    const own = Object.entries(options).filter(([name]) => OF_CONTEXTS.includes(name));
    this._secureContext = nodeTls().createSecureContext(Object.fromEntries(own));
  }

  /** @internal Whether whoever is not trusted is turned away. */
  get _verifies(): boolean {
    return this.options.rejectUnauthorized ?? true;
  }

  /** @internal Whether a server may have something to show to clients: a certificate and its key, or ciphers that need none. */
  get _canServe(): boolean {
    const { cert, key, pfx, SNICallback, ciphers } = this.options;
    return Boolean((cert && key) || pfx || SNICallback || ciphers);
  }

  /** @internal What both sides of a connection take from here. */
  _connectionOptions(): { secureContext: tls.SecureContext; ALPNProtocols?: string[] } {
    const { ALPNProtocols } = this.options;
    return {
      secureContext: this._secureContext,
      ...(ALPNProtocols === undefined ? {} : { ALPNProtocols: [...ALPNProtocols] }),
    };
  }
}

let clientDefault: SSLContext | undefined;

/** The context of `ssl: true`. */
export function defaultContext(): SSLContext {
  clientDefault ??= new SSLContext();
  return clientDefault;
}

function isListOfNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === "string" && name !== "");
}
