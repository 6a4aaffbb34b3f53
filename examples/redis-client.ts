/**
 * A client of Redis on `Protocol`: it sends commands without waiting for replies, which come in the same order.
 * `redis-client/resp.ts` speaks the language.
 *
 *   node out/examples/redis-client.js [PATH | PORT]      a Unix socket, or a port of this machine; 6379 by default
 */
import { type Future, gather, getRunningLoop, Protocol, run, type Transport } from "wasyncio";
import { encodeCommand, type Reply, ReplyError, ReplyParser } from "./redis-client/resp.js";

class RedisClient extends Protocol {
  readonly #parser = new ReplyParser();
  readonly #waiting: Future<Reply>[] = [];
  #transport!: Transport;

  override connectionMade(transport: Transport): void {
    this.#transport = transport;
  }

  /** The reply to a command. It fails with a ReplyError if the server refuses. */
  send(...words: string[]): Future<Reply> {
    const reply = getRunningLoop().createFuture<Reply>();
    this.#waiting.push(reply);
    this.#transport.write(encodeCommand(words));
    return reply;
  }

  override dataReceived(data: Buffer): void {
    for (const reply of this.#parser.feed(data)) {
      const waiting = this.#waiting.shift();
      if (waiting === undefined || waiting.done()) continue;
      if (reply instanceof ReplyError) waiting.setException(reply);
      else waiting.setResult(reply);
    }
  }

  override connectionLost(error: Error | null): void {
    for (const reply of this.#waiting) {
      if (!reply.done()) reply.setException(error ?? new Error("the server has closed the connection"));
    }
  }
}

await run(async () => {
  const loop = getRunningLoop();
  const place = process.argv[2] ?? "6379";
  const [transport, redis] = await (place.includes("/")
    ? loop.createUnixConnection(() => new RedisClient(), place)
    : loop.createConnection(() => new RedisClient(), "127.0.0.1", Number(place)));

  console.log(await redis.send("SET", "greeting", "Hello, Redis!"));
  console.log(await redis.send("GET", "greeting"));
  console.log(await gather(Array.from({ length: 5 }, () => redis.send("INCR", "counter"))));
  console.log(await redis.send("MGET", "greeting", "no such key"));
  await redis.send("INCR", "greeting").then(null, (error) => console.log(`${error}`));
  await redis.send("DEL", "greeting", "counter");
  transport.close();
});
