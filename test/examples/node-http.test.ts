/**
 * The example that has node:http serve on our connections, with curl as its client.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Program, runProgram, startExample } from "./processes.js";

const REQUESTS = 1000;

const test = suite<{ server: Program; url: string }>("node-http");

test.before.each(async (context) => {
  context.server = startExample("node-http", "0");
  context.url = (await context.server.prints(/^Listening on (http:\/\/127\.0\.0\.1:\d+\/)\n/))[1] as string;
});

test.after.each(async ({ server }) => {
  server.kill("SIGTERM");
  const { stdout, stderr, ending } = await server.ended;
  assert.match(stdout, /\nStopped\n$/);
  assert.is(stderr, "");
  assert.is(ending, 0);
});

async function curl(...words: string[]): Promise<string> {
  const { stdout, stderr, ending } = await runProgram("curl", "--silent", "--show-error", ...words);
  assert.is(ending, 0, `curl failed: ${stderr}`);
  return stdout;
}

test("answers over one connection that is kept", async ({ url }) => {
  const printed = await curl("-w", "%{num_connects}\\n", `${url}[1-${REQUESTS}]`);
  const lines = Array.from({ length: REQUESTS }, (_, index) => [
    `You asked for /${index + 1} with GET`,
    index === 0 ? "1" : "0",
  ]);
  assert.is(printed, `${lines.flat().join("\n")}\n`);
});

test("answers 100 requests at once", async ({ url }) => {
  const parallel = ["--parallel", "--parallel-immediate", "--parallel-max", "100"];
  const printed = await curl(...parallel, "-H", "Connection: close", `${url}[1-${REQUESTS}]`);
  const asked = Array.from({ length: REQUESTS }, (_, index) => `You asked for /${index + 1} with GET`);
  assert.equal(printed.trimEnd().split("\n").sort(), asked.sort());
});

test("answers a request with a body", async ({ url }) => {
  assert.is(await curl("--data", "a body", `${url}posted`), "You asked for /posted with POST\n");
});

test.run();
