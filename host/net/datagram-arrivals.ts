/**
 * Datagrams as they come.
 *
 * Owns: the memory that a thread receives them into, many at a time, and what each of them is: bytes and a sender, or
 * an error where it was cut.
 *
 * Does not own: the call (`sys/datagrams.ts`), and handing them out (`socket-datagrams.ts`).
 */

import { AF_UNIX } from "../constants.js";
import { DatagramBatch } from "../sys/datagrams.js";
import { EMSGSIZE } from "../sys/errno.js";
import { systemError } from "../sys/errors.js";
import { type Address, addressDetails } from "./address.js";
import type { Socket } from "./socket.js";

/** A datagram that came, or what is wrong with it. */
export type Arrival = readonly [data: Buffer, sender: Address | null] | Error;

/** What one receive may bring: an IP datagram has less than 64 KiB, a Unix one as much as the sender's buffer. */
const batches = {
  inet: { count: 32, bytesEach: 64 * 1024, batch: null as DatagramBatch | null },
  unix: { count: 4, bytesEach: 256 * 1024, batch: null as DatagramBatch | null },
};

/** The batch of this thread for sockets of a kind: no two sockets receive at the same time. */
function batchFor(socket: Socket): DatagramBatch {
  const kind = socket.family === AF_UNIX ? batches.unix : batches.inet;
  kind.batch ??= new DatagramBatch(kind.count, kind.bytesEach);
  return kind.batch;
}

/** Receives as many as one call brings; or answers a negative errno. */
export function receiveArrivals(socket: Socket): Arrival[] | number {
  const batch = batchFor(socket);
  const count = batch.receive(socket.fileno());
  if (count < 0) return count;
  const arrivals: Arrival[] = [];
  for (let index = 0; index < count; index++) {
    arrivals.push(batch.isCut(index) ? cutError(batch.sender(index)) : [batch.data(index), batch.sender(index)]);
  }
  return arrivals;
}

function cutError(sender: Address | null): Error {
  const message = "A datagram was larger than there is room for, and what was received of it was dropped";
  return systemError("recvmmsg", -EMSGSIZE, { message, ...addressDetails(sender ?? undefined) });
}
