/**
 * Datagrams: an endpoint that sends back what comes, and one that keeps a few under way until a thousand have come back.
 */
import { type Address, type Coroutine, type DatagramTransport, getRunningLoop } from "wasyncio";
import { check, milliseconds, withThousands } from "./words.js";

const DATAGRAMS = 1000;
const UNDER_WAY = 16;

export function* udp(): Coroutine<string> {
  const loop = getRunningLoop();
  const all = loop.createFuture<void>();
  let back = 0;
  let server: DatagramTransport;
  let client: DatagramTransport;
  const echo = { datagramReceived: (data: Buffer, from: Address | null) => server.sendto(data, from) };
  const count = {
    datagramReceived: (data: Buffer) => {
      back++;
      if (back + UNDER_WAY <= DATAGRAMS) client.sendto(data);
      if (back === DATAGRAMS) all.setResult(undefined);
    },
  };
  [server] = yield* loop.createDatagramEndpoint(() => echo, { host: "127.0.0.1", port: 0 });
  const address = server.getExtraInfo("sockname") as { host: string; port: number };
  [client] = yield* loop.createDatagramEndpoint(() => count, null, address);
  const start = loop.time();
  for (let number = 0; number < UNDER_WAY; number++) client.sendto(Buffer.from(`datagram ${number}`));
  yield* all;
  const elapsed = milliseconds(loop.time() - start);
  check(back === DATAGRAMS, "each datagram comes back");
  client.close();
  server.close();
  return `${withThousands(back)} datagrams, ${UNDER_WAY} under way: ${elapsed}`;
}
