/**
 * Names: lookups through the C library, side by side; and numeric addresses, which need none.
 */
import { AI_PASSIVE, type Coroutine, gather, getRunningLoop, SOCK_STREAM } from "wasyncio";
import { check, milliseconds } from "./words.js";

const LOOKUPS = 50;

export function* names(): Coroutine<string> {
  const loop = getRunningLoop();
  const start = loop.time();
  const options = { type: SOCK_STREAM };
  const lookups = Array.from({ length: LOOKUPS }, () => loop.getaddrinfo("localhost", 80, options));
  const [found] = yield* gather(lookups);
  const elapsed = milliseconds(loop.time() - start);
  const hosts = found.map(({ address }) => address.host);
  check(hosts.includes("127.0.0.1") || hosts.includes("::1"), "localhost is this machine");
  const [numeric] = yield* loop.getaddrinfo("::1", 80, { ...options, flags: AI_PASSIVE });
  check(numeric.address.host === "::1", "a numeric address is itself");
  return `localhost is ${hosts.join(" and ")}; ${LOOKUPS} lookups, two at a time: ${elapsed}`;
}
