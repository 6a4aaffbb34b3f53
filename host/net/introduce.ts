/**
 * Bringing a transport and its protocol together, for those who call and wait for both.
 *
 * Owns: the order: the factory, the transport, `connectionMade`, and then whoever waits; and that nothing stays open when
 * one of them fails or the call is cancelled.
 *
 * Does not own: what the transport runs over.
 *
 * From: CPython 3.13 base_events `_create_connection_transport`. Differs: a protocol factory that throws closes what was
 * to be the transport's.
 */

import type { Work } from "../futures/operation.js";
import { checkProtocol } from "./options.js";

/**
 * Makes a protocol and a transport for it, as part of an operation.
 *
 * @param makeTransport makes the transport, which has `connectionMade` called in the next iteration
 * @param release closes what the transport was to run over, should there be none
 */
export function* introduce<P extends object, T extends { close(): void }>(
  protocolFactory: () => P,
  makeTransport: (protocol: P) => T,
  release: () => void,
): Work<[transport: T, protocol: P]> {
  let transport: T | undefined;
  try {
    const protocol = checkProtocol(protocolFactory());
    transport = makeTransport(protocol);
    // After connectionMade, which was scheduled just before.
    yield;
    return [transport, protocol];
  } catch (error) {
    if (transport === undefined) release();
    else transport.close();
    throw error;
  }
}
