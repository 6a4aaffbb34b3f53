/**
 * A pipe: a transport that writes to it, and one that reads from it. What there is no room for waits.
 */
import { type Coroutine, getRunningLoop, Protocol, pipe } from "wasyncio";
import { check, milliseconds, withThousands } from "./words.js";

const BYTES = 4 << 20;

export function* pipes(): Coroutine<string> {
  const loop = getRunningLoop();
  const [readEnd, writeEnd] = pipe();
  const lost = loop.createFuture<void>();
  let received = 0;
  let pieces = 0;
  const reader: Protocol = {
    dataReceived(data) {
      received += data.length;
      pieces++;
    },
    connectionLost: () => lost.setResult(),
  };
  const start = loop.time();
  const [output] = yield* loop.connectWritePipe(() => new Protocol(), writeEnd);
  output.write(Buffer.alloc(BYTES, "wasyncio"));
  output.close();
  yield* loop.connectReadPipe(() => reader, readEnd);
  yield* lost;
  const elapsed = milliseconds(loop.time() - start);
  check(received === BYTES, "every byte comes out of the pipe");
  return `${withThousands(received)} bytes through a pipe in ${withThousands(pieces)} pieces and ${elapsed}`;
}
