/**
 * The tests that the arguments of connections and servers are put to, all of them at the call.
 *
 * Owns: protocols and their factories, sockets that are passed, hosts and ports.
 *
 * Does not own: what calls of every kind take (`arguments.ts`), descriptors (`checks.ts`), addresses (`address.ts`).
 */

import { types } from "node:util";
import { checkInteger, INT_MAX, isClass } from "../arguments.js";
import { describe, RuntimeError, typeError } from "../errors.js";
import { isPromiseLike } from "../futures/coroutine.js";
import type { EventLoop } from "../loop/event-loop.js";
import { PORT_MAX } from "./address.js";
import { Socket } from "./socket.js";

/**
 * Tests that a loop is open, and one that can have descriptors.
 *
 * @throws RuntimeError `ERR_LOOP_CLOSED`; UnsupportedError `ERR_NO_DESCRIPTORS` for a virtual loop
 */
export function checkDescriptors(loop: EventLoop): void {
  loop._scheduler.checkOpen();
  loop._scheduler.driver.checkWatches();
}

/** @throws TypeError `ERR_NOT_CALLABLE` */
export function checkProtocolFactory(factory: unknown): void {
  // A class throws when it is called, and a server would tell nobody but debug mode. A generator would be taken for a protocol.
  if (typeof factory === "function" && !isClass(factory) && !types.isGeneratorFunction(factory)) return;
  const hint = "pass a function that returns one, such as () => new MyProtocol()";
  const kind = isClass(factory) ? "class" : "generator function";
  const problem = typeof factory === "function" ? `the ${kind} ${factory.name || "(anonymous)"}` : describe(factory);
  throw typeError("ERR_NOT_CALLABLE", `The protocol factory must be a function, not ${problem}: ${hint}`);
}

/**
 * Tests what a protocol factory returned.
 *
 * @throws TypeError `ERR_NOT_A_PROTOCOL`
 */
export function checkProtocol<P>(protocol: P): P {
  const isPromise = isPromiseLike(protocol);
  if (typeof protocol === "object" && protocol !== null && !isPromise) return protocol;
  const hint = isPromise
    ? "nobody awaits what a factory returns, so it must not be async"
    : "return an object with the methods of Protocol that are of interest";
  const problem = `must be ${isPromise ? "the object itself" : "an object"}, not ${describe(protocol)}`;
  throw typeError("ERR_NOT_A_PROTOCOL", `The protocol ${problem}: ${hint}`);
}

/**
 * Tests a socket that a call is to work on, or to take over.
 *
 * @throws TypeError `ERR_NOT_A_SOCKET`; RuntimeError `ERR_SOCKET_CLOSED`, `ERR_FD_IN_USE`
 */
export function checkSocket(loop: EventLoop, sock: unknown): Socket {
  if (!(sock instanceof Socket)) {
    throw typeError("ERR_NOT_A_SOCKET", `sock must be a Socket, not ${describe(sock)}: make one with new Socket()`);
  }
  const fd = sock.fileno();
  if (fd < 0) throw new RuntimeError("ERR_SOCKET_CLOSED", "The socket is closed. Make a new one");
  checkUnowned(loop, fd);
  return sock;
}

/** Tests that no transport or server works on a descriptor. @throws RuntimeError `ERR_FD_IN_USE` */
export function checkUnowned(loop: EventLoop, fd: number): void {
  const owner = loop._fdOwners.get(fd);
  if (owner === undefined) return;
  throw new RuntimeError("ERR_FD_IN_USE", `Descriptor ${fd} is used by ${describe(owner)}: use its methods instead`);
}

/** @throws TypeError `ERR_INVALID_ARG_TYPE` */
export function checkHost(host: unknown): void {
  if (host === undefined || host === null || typeof host === "string") return;
  const hint = "the host is an argument of its own, and comes before the port";
  throw typeError("ERR_INVALID_ARG_TYPE", `The host must be a string or null, not ${describe(host)}: ${hint}`);
}

/** Service names pass: whether they can be had is for the resolver to say. @throws as `checkInteger` */
export function checkPort(port: unknown): void {
  if (port === undefined || port === null || typeof port === "string") return;
  checkInteger("The port", port, 0, PORT_MAX);
}

/** Tests the numbers that go to the resolver. @throws as `checkInteger` */
export function checkResolution(options: { family?: number; proto?: number; flags?: number }): void {
  for (const name of ["family", "proto", "flags"] as const) {
    const value = options[name];
    if (value !== undefined) checkInteger(`The option ${name}`, value, 0, INT_MAX);
  }
}
