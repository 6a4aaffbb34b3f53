/**
 * The HTTPS server among the examples, asked by curl.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Authority } from "../support/certificates.js";
import { type Ended, type Program, runProgram, startExample } from "./processes.js";

const HELLO = "Hello, world!\n";

interface Context {
  server: Program;
  url: string;
}

const authority = new Authority();
const https = suite<Context>("https-hello");

https.before(async (context) => {
  const { certFile, keyFile } = authority.sign("localhost", "DNS:localhost");
  context.server = startExample("https-hello", certFile, keyFile, "0");
  [, context.url = ""] = await context.server.prints(/^Listening on (https:\/\/localhost:\d+\/)\n/);
});

https.after(async ({ server }) => {
  server.kill("SIGTERM");
  const { stdout, stderr, ending } = await server.ended;
  // Debug mode tells of the client that did not trust it.
  if (!process.env.WASYNCIODEBUG) assert.is(stderr, "", "it ran without a complaint");
  assert.match(stdout, /\nStopped\n$/);
  assert.is(ending, 0);
});

https("answers a curl that trusts it, twice over one connection", async ({ url }) => {
  const written = ["-w", "%{http_code} %{num_connects}\\n"];
  const ended = await curl("--cacert", authority.certFile, ...written, `${url}?[1-2]`);
  assert.equal(ended, { stdout: `${HELLO}200 1\n${HELLO}200 0\n`, stderr: "", ending: 0 });
});

https("closes after a request that says so", async ({ url }) => {
  const ended = await curl("--cacert", authority.certFile, "-H", "Connection: close", `${url}?[1-2]`);
  assert.equal(ended, { stdout: HELLO.repeat(2), stderr: "", ending: 0 });
});

https("is nobody to a curl that does not trust it", async ({ url }) => {
  const { stdout, ending } = await curl(url);
  assert.is(stdout, "");
  assert.is(ending, 60);
});

https.run();

function curl(...args: string[]): Promise<Ended> {
  return runProgram("curl", "--silent", "--show-error", ...args);
}
