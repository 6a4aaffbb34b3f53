/**
 * Redis: our client and its real server, the real client and a server of ours.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { encodeCommand, ReplyError, ReplyParser } from "../../examples/redis-client/resp.js";
import type { Transport } from "../../host/net/transport.js";
import { Protocol } from "../../host/protocols.js";
import { onLoop, portIn, portOf } from "../host/net/support.js";
import { listener } from "../support/sockets.js";
import { Program, runExample, runProgram } from "./processes.js";

const test = suite("redis-client");

const PRINTED = [
  "OK",
  "Hello, Redis!",
  "[ 1, 2, 3, 4, 5 ]",
  "[ 'Hello, Redis!', null ]",
  "Error: ERR value is not an integer or out of range",
];

/** A port that nobody listens on. */
function freePort(): number {
  const socket = listener();
  const port = portIn(socket.getsockname());
  socket.close();
  return port;
}

test("talks to redis-server, over TCP and over a Unix socket", async () => {
  const folder = mkdtempSync(join(tmpdir(), "wasyncio-redis-"));
  const [port, path] = [`${freePort()}`, join(folder, "socket")];
  const words = ["--bind", "127.0.0.1", "--port", port, "--unixsocket", path, "--dir", folder, "--save", ""];
  const redis = new Program("redis-server", words);
  try {
    await redis.prints(/Ready to accept connections.*unix|The server is now ready to accept connections at/);
    for (const place of [port, path]) {
      const { stdout, stderr, ending } = await runExample("redis-client", place);
      assert.is(stderr, "");
      assert.equal(stdout.trimEnd().split("\n"), PRINTED);
      assert.is(ending, 0);
    }
  } finally {
    redis.kill("SIGTERM");
    await redis.ended;
    rmSync(folder, { recursive: true });
  }
});

test("takes replies in whatever pieces they come", () => {
  const bytes = Buffer.from("+OK\r\n:-5\r\n$-1\r\n$5\r\na\r\nbc\r\n*3\r\n:1\r\n*-1\r\n*1\r\n-ERR no\r\n$0\r\n\r\n");
  const expected = ["OK", -5, null, "a\r\nbc", [1, null, [new ReplyError("ERR no")]], ""];
  for (const size of [bytes.length, 7, 2, 1]) {
    const parser = new ReplyParser();
    const replies = [];
    for (let at = 0; at < bytes.length; at += size) replies.push(...parser.feed(bytes.subarray(at, at + size)));
    assert.equal(replies, expected, `in pieces of ${size}`);
  }
});

/** As much of a Redis server as redis-cli needs for PING, SET and GET. A command has the form of an array of bytes. */
class SmallRedis extends Protocol {
  readonly #parser = new ReplyParser();
  readonly #values: Map<string, string>;
  #transport!: Transport;

  constructor(values: Map<string, string>) {
    super();
    this.#values = values;
  }

  override connectionMade(transport: Transport): void {
    this.#transport = transport;
  }

  override dataReceived(data: Buffer): void {
    this.#transport.writeLines(
      this.#parser.feed(data).map((command) => Buffer.from(this.#answer(command as string[]))),
    );
  }

  #answer([name = "", key = "", value = ""]: readonly string[]): string {
    if (name === "PING") return "+PONG\r\n";
    if (name === "SET") this.#values.set(key, value);
    if (name === "SET") return "+OK\r\n";
    if (name !== "GET") return `-ERR unknown command '${name}'\r\n`;
    const found = this.#values.get(key);
    return found === undefined ? "$-1\r\n" : `$${Buffer.byteLength(found)}\r\n${found}\r\n`;
  }
}

test(
  "redis-cli talks to a server of ours",
  onLoop(async ({ loop }) => {
    const values = new Map<string, string>();
    const server = await loop.createServer(() => new SmallRedis(values), "127.0.0.1", 0);
    const cli = async (...words: string[]): Promise<string> =>
      (await runProgram("redis-cli", "-p", `${portOf(server)}`, ...words)).stdout;
    assert.is(await cli("PING"), "PONG\n");
    assert.is(await cli("SET", "name", "grüße\r\nund mehr"), "OK\n");
    assert.is(await cli("GET", "name"), "grüße\r\nund mehr\n");
    assert.is(await cli("GET", "nothing"), "\n");
    assert.match(await cli("EXPLODE"), "ERR unknown command 'EXPLODE'");
    assert.is(await cli("-r", "1000", "PING"), "PONG\n".repeat(1000));
    assert.equal([...values], [["name", "grüße\r\nund mehr"]]);
    server.close();
    await server.waitClosed();
  }),
);

test("a command is an array of bytes", () => {
  assert.is(`${encodeCommand(["SET", "ä", ""])}`, "*3\r\n$3\r\nSET\r\n$2\r\nä\r\n$0\r\n\r\n");
});

test.run();
