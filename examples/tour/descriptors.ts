/**
 * Watching descriptors: `addWriter` says when there is room, `addReader` when there is something to read.
 */
import { type Coroutine, getRunningLoop, socketpair } from "wasyncio";
import { check, withThousands } from "./words.js";

const BYTES = 1 << 20;

export function* descriptors(): Coroutine<string> {
  const loop = getRunningLoop();
  const [left, right] = socketpair();
  const data = Buffer.alloc(BYTES, "abc");
  const done = loop.createFuture<void>();
  let sent = 0;
  let received = 0;
  let writes = 0;
  let reads = 0;

  loop.addWriter(left, () => {
    writes++;
    sent += left.send(data.subarray(sent));
    if (sent === BYTES) loop.removeWriter(left);
  });
  loop.addReader(right, () => {
    reads++;
    received += right.recv(65536).length;
    if (received === BYTES) done.setResult();
  });
  yield* done;

  check(loop.removeReader(right) && !loop.removeWriter(left), "a watch is removed once");
  for (const socket of [left, right]) socket.close();
  return `a megabyte: ${withThousands(writes)} times writable, ${withThousands(reads)} times readable`;
}
