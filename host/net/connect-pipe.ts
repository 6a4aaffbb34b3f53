/**
 * Making transports of pipes.
 *
 * Owns: `connectReadPipe` and `connectWritePipe`: taking the end of the pipe over and handing it to a transport.
 *
 * Does not own: what can be a pipe (`pipe-end.ts`), the transports afterwards (`read-pipe.ts`, `write-pipe.ts`).
 *
 * From: CPython 3.13 base_events `connect_read_pipe` and `connect_write_pipe`. Differs: what is no pipe is refused before
 * the protocol factory is called; a protocol factory that throws closes the pipe.
 */

import type { Future } from "../futures/future.js";
import { Operation } from "../futures/operation.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { BaseProtocol, StreamProtocol } from "../protocols.js";
import type { PipeLike } from "./checks.js";
import { introduce } from "./introduce.js";
import { checkDescriptors, checkProtocolFactory } from "./options.js";
import { type PipeEnd, takePipe } from "./pipe-end.js";
import { ReadPipeTransport } from "./read-pipe.js";
import type { ReadTransport, WriteTransport } from "./transport-kinds.js";
import { WritePipeTransport } from "./write-pipe.js";

/** Reads from a pipe; see `EventLoop.connectReadPipe`. */
export function connectReadPipe<P extends StreamProtocol>(
  loop: EventLoop,
  protocolFactory: () => P,
  pipe: PipeLike,
): Future<[transport: ReadTransport, protocol: P]> {
  return connectPipe(loop, protocolFactory, pipe, "reads", (end, protocol) => {
    return new ReadPipeTransport(loop, end, protocol);
  });
}

/** Writes to a pipe; see `EventLoop.connectWritePipe`. */
export function connectWritePipe<P extends BaseProtocol>(
  loop: EventLoop,
  protocolFactory: () => P,
  pipe: PipeLike,
): Future<[transport: WriteTransport, protocol: P]> {
  return connectPipe(loop, protocolFactory, pipe, "writes", (end, protocol) => {
    return new WritePipeTransport(loop, end, protocol);
  });
}

function connectPipe<P extends BaseProtocol, T extends { close(): void }>(
  loop: EventLoop,
  protocolFactory: () => P,
  pipe: PipeLike,
  use: "reads" | "writes",
  makeTransport: (end: PipeEnd, protocol: P) => T,
): Future<[transport: T, protocol: P]> {
  checkDescriptors(loop);
  checkProtocolFactory(protocolFactory);
  const end = takePipe(loop, pipe, use);
  const work = introduce(
    protocolFactory,
    (protocol) => makeTransport(end, protocol),
    () => end.close(loop),
  );
  return new Operation(loop, work, ([transport]) => transport.close());
}
