/** Handshakes that fail just as a server's loop ends: whose business that is, with nobody there to look. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { runProgram } from "../../support/child-programs.js";
import { leakChecked } from "../../support/leaks.js";

const test = leakChecked(suite("handshakes that nobody sees the end of"));

/** What nobody has looked at is told on stderr when the process ends. */
const PROGRAM = `
  import * as net from "node:net";
  import { EventLoop, SSLContext } from "host/index.js";
  import { Authority } from "test/support/certificates.js";

  const { cert, key } = new Authority().sign("localhost", "DNS:localhost");
  const loop = new EventLoop();
  // Debug mode has more to tell: of the handshake, and of what is left open.
  loop.setDebug(false);
  let tellMade;
  const made = new Promise((resolve) => (tellMade = resolve));
  const factory = () => (tellMade(), {});
  const server = await loop.runUntilComplete(
    loop.createServer(factory, "127.0.0.1", 0, { ssl: new SSLContext({ cert, key }) }),
  );
  let tellFailed;
  const failed = new Promise((resolve) => (tellFailed = resolve));
  const createFuture = loop.createFuture.bind(loop);
  loop.createFuture = () => {
    const future = createFuture();
    const setException = future.setException.bind(future);
    future.setException = (error) => {
      setException(error);
      tellFailed();
      if (RUNS) loop.stop();
    };
    return future;
  };
  const client = net.connect(server.addresses[0].port, "127.0.0.1");
  client.on("error", () => {});
  await loop.runUntilComplete(made);
  client.write("this is no TLS");
  if (RUNS) await loop.runForever();
  await failed;
  loop.close();
  client.destroy();
  console.log("over");
`;

for (const [when, runs] of [
  ["in its last iteration", true],
  ["between its last run and its close", false],
] as const) {
  test(`a client that speaks no TLS is no unseen error of a loop that ends ${when}`, async () => {
    const { code, output } = await runProgram(PROGRAM.replaceAll("RUNS", String(runs)));
    assert.equal([code, output], [0, "over"]);
  });
}

test.run();
