/**
 * Name resolution: `getaddrinfo` finds the addresses of a host and a service, `getnameinfo` finds the name of a port. Both
 * ask the C library, on other threads.
 *
 *   node out/examples/resolve.js [HOST [SERVICE]]
 */
import { type AddressInfo, type Coroutine, getRunningLoop, NI_NUMERICHOST, run, SOCK_STREAM } from "wasyncio";

const [host = "localhost", service = "80"] = process.argv.slice(2);

function* resolve(): Coroutine<AddressInfo[]> {
  try {
    return yield* getRunningLoop().getaddrinfo(host, service, { type: SOCK_STREAM });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    console.log(`${code}, for "${message}"`);
    return [];
  }
}

await run(function* () {
  const loop = getRunningLoop();
  for (const { address } of yield* resolve()) {
    const [, name] = yield* loop.getnameinfo(address, NI_NUMERICHOST);
    console.log(`${host} is ${address.host}, port ${address.port} (${name})`);
  }
});
