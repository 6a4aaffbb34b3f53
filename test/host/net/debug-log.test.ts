/** What debug mode writes down of connections, and who is shown it. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { runProgram } from "../../support/child-programs.js";

const test = suite("the debug log");

const PROGRAM = `
  import { newEventLoop, Protocol, Socket } from "host/index.js";
  class Talker extends Protocol {}
  const loop = newEventLoop();
  await loop.runUntilComplete(loop.createTask(async () => {
    const server = await loop.createServer(() => new Talker(), "127.0.0.1", 0);
    const { port } = server.sockets[0].getsockname();
    const [transport] = await loop.createConnection(() => new Talker(), "127.0.0.1", port);
    transport.close();
    const [endpoint] = await loop.createDatagramEndpoint(() => new Talker(), { host: "127.0.0.1", port: 0 });
    endpoint.close();
    const listening = new Socket();
    listening.bind({ host: "127.0.0.1", port: 0 });
    listening.listen();
    const client = new Socket();
    await loop.sockConnect(client, listening.getsockname());
    const [accepted] = await loop.connectAcceptedSocket(() => new Talker(), client);
    accepted.close();
    listening.close();
    server.close();
    await server.waitClosed();
  }));
  loop.close();
`;

/** The lines that the program writes, without what differs from run to run. */
async function linesWith(env: NodeJS.ProcessEnv): Promise<string[]> {
  const { code, output } = await runProgram(PROGRAM, undefined, { NODE_DEBUG: "", WASYNCIODEBUG: "", ...env });
  assert.is(code, 0, output);
  const named = output
    .replace(/ \d+: /g, ": ")
    .replace(/(fd=|\[)\d+/g, "$1N")
    .replace(/:\d{4,5}\b/g, ":PORT");
  return named.split("\n").filter((line) => line !== "");
}

test("tells of what was connected, accepted, handed over and bound", async () => {
  const lines = await linesWith({ NODE_DEBUG: "wasyncio", WASYNCIODEBUG: "1" });
  const transport = "<Transport fd=N read=polling bufsize=0>";
  assert.equal(lines.sort(), [
    "WASYNCIO: <Server sockets=[N]> got a new connection from 127.0.0.1:PORT: <Socket fd=N family=2 type=1 proto=6>",
    `WASYNCIO: <Socket fd=N family=2 type=1 proto=0> handled: (${transport}, <Talker>)`,
    `WASYNCIO: <Socket fd=N family=2 type=1 proto=6> connected to 127.0.0.1:PORT: (${transport}, <Talker>)`,
    "WASYNCIO: Datagram endpoint localAddr={ host: '127.0.0.1', port: 0 } remoteAddr=null created: (<DatagramTransport fd=N bufsize=0>, <Talker>)",
  ]);
});

test("is shown to nobody who has not asked for it", async () => {
  assert.equal(await linesWith({ WASYNCIODEBUG: "1" }), []);
});

test("is empty without debug mode", async () => {
  assert.equal(await linesWith({ NODE_DEBUG: "wasyncio" }), []);
});

test.run();
