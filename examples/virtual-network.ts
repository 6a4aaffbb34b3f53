/**
 * A network in memory: a client that keeps looking for its server, and finds it again, takes minutes in which no time passes.
 *
 *   node out/examples/virtual-network.js
 */
import { type Coroutine, getRunningLoop, openConnection, run, type StreamWriter, sleep, startServer } from "wasyncio";
import { VirtualEventLoop } from "wasyncio/testing";

const loop = new VirtualEventLoop();
loop.network.latency = 0.25;

function say(what: string): void {
  console.log(`${getRunningLoop().time()} s: ${what}`);
}

/** Prints what the server says, and waits longer each time that it cannot be reached. */
function* listen(): Coroutine<void> {
  let pause = 1;
  for (;;) {
    try {
      const [reader, writer] = yield* openConnection("server", 7);
      pause = 1;
      for (let line = yield* reader.readline(); line.length > 0; line = yield* reader.readline()) {
        say(`got ${`${line}`.trim()}`);
      }
      writer.close();
      return say("the server has closed the connection");
    } catch (error) {
      say((error as NodeJS.ErrnoException).code ?? `${error}`);
      yield* sleep(pause);
      pause *= 2;
    }
  }
}

async function main(): Promise<void> {
  const listening = loop.createTask(listen());
  await sleep(5);
  const writers: StreamWriter[] = [];
  const server = await startServer((_reader, writer) => void writers.push(writer), "server", 7);
  await sleep(4);
  writers[0]?.write(Buffer.from("one\n"));
  await sleep(1);
  loop.network.breakConnections();
  await sleep(2);
  writers[1]?.write(Buffer.from("two\n"));
  writers[1]?.close();
  await listening;
  server.close();
}

await run(main, { loopFactory: () => loop });
