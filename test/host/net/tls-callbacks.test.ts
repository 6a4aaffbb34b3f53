/** TLS and the user's callbacks that misbehave: what they throw or answer ends their own connection, and nothing else. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type SNICallback, SSLContext, type SSLContextOptions } from "../../../host/net/ssl-context.js";
import type { Protocol } from "../../../host/protocols.js";
import { Authority } from "../../support/certificates.js";
import { leakChecked } from "../../support/leaks.js";
import { iteration, onLoop, portOf, Recorder, rejectionOf } from "./support.js";

const test = leakChecked(suite("callbacks of TLS"));

const HOST = "127.0.0.1";
const authority = new Authority();
const { cert, key } = authority.sign("localhost", "DNS:localhost,IP:127.0.0.1");
const trusting = new SSLContext({ ca: authority.cert });
const serving = new SSLContext({ cert, key });

function throws(thrown: unknown): () => never {
  return () => {
    throw thrown;
  };
}

for (const [what, check, expected] of [
  ["throws an error", throws(new RangeError("mine")), /^RangeError: mine$/],
  ["throws a string", throws("mine"), /^Error: mine$/],
  ["throws an object without a prototype", throws(Object.create(null)), /^Error: \[Object: null prototype\] {}$/],
  ["returns a string", () => "mine", /^TypeError: checkServerIdentity must return .* not a string$/],
  ["returns true", () => true, /not a boolean$/],
  ["is async", async () => undefined, /not an instance of Promise$/],
] as const) {
  test(
    `a checkServerIdentity that ${what} turns the server away`,
    onLoop(async ({ loop }) => {
      const server = await loop.createServer(() => ({}), HOST, 0, { ssl: serving });
      const checkServerIdentity = check as NonNullable<SSLContextOptions["checkServerIdentity"]>;
      const ssl = new SSLContext({ ca: authority.cert, checkServerIdentity });
      const error = await rejectionOf(loop.createConnection(() => ({}), HOST, portOf(server), { ssl }));
      assert.match(String(error), expected);
      server.close();
      await server.waitClosed();
    }),
  );
}

type Answer = (error: unknown, context?: object) => void;

for (const [what, choose, expected] of [
  ["throws an error", throws(new RangeError("mine")), /^RangeError: mine$/],
  ["throws a string", throws("mine"), /^Error: mine$/],
  ["answers a string", (_name: string, answer: Answer) => answer("mine"), /^Error: mine$/],
  ["answers no context", (_name: string, answer: Answer) => answer(null, {}), /Invalid SNI context/],
] as const) {
  test(
    `an SNICallback that ${what} turns the client away, and the next one is served`,
    onLoop(async ({ loop, reported }) => {
      loop.setDebug(true);
      let times = 0;
      const SNICallback: SNICallback = (name, answer) =>
        times++ === 0 ? choose(name, answer as Answer) : answer(null);
      const ssl = new SSLContext({ cert, key, SNICallback });
      const server = await loop.createServer(() => new Recorder(loop), HOST, 0, { ssl });
      const connect = () =>
        loop.createConnection(() => new Recorder(loop), HOST, portOf(server), {
          ssl: trusting,
          serverHostname: "localhost",
        });
      await rejectionOf(connect());
      const [transport, client] = await connect();
      transport.close();
      await client.lost;
      server.close();
      await server.waitClosed();
      assert.equal(reported.length, 1);
      assert.match(String(reported.splice(0)[0]?.exception), expected);
    }),
  );
}

test(
  "a protocol that throws something that is no error loses its connection",
  onLoop(async ({ loop, reported }) => {
    for (const thrown of ["mine", Object.create(null), undefined]) {
      const factory = (): Recorder => Object.assign(new Recorder(loop), { dataReceived: throws(thrown) });
      const server = await loop.createServer(factory, HOST, 0, { ssl: serving });
      const [transport, client] = await loop.createConnection(() => new Recorder(loop), HOST, portOf(server), {
        ssl: trusting,
      });
      transport.write(Buffer.from("?"));
      await client.lost;
      server.close();
      await server.waitClosed();
      assert.is(reported.splice(0)[0]?.message, "Fatal error: protocol.dataReceived() call failed.");
    }
  }),
);

for (const deed of ["closeClients", "abortClients"] as const) {
  test(
    `${deed}() in connectionMade is as closing there: what was written is sent, and waitClosed waits for connectionLost`,
    onLoop(async ({ loop }) => {
      const order: string[] = [];
      const factory = (): Protocol => ({
        connectionMade(transport): void {
          transport.write(Buffer.from("bye"));
          server[deed]();
          server.close();
          server.waitClosed().addDoneCallback(() => order.push("closed"));
        },
        connectionLost: (error) => void order.push(`lost ${error}`),
      });
      const server = await loop.createServer(factory, HOST, 0, { ssl: serving });
      const client = new Recorder(loop);
      await loop.createConnection(() => client, HOST, portOf(server), { ssl: trusting });
      await client.lost;
      assert.is(client.text, "bye");
      while (order.length < 2) await iteration(loop);
      assert.equal(order, ["lost null", "closed"]);
    }),
  );
}

test.run();
