/**
 * Pipes: `connectReadPipe` and `connectWritePipe` make a filter between stdin and stdout, which holds back its input while
 * its output is not taken.
 *
 *   echo hello | node out/examples/pipe.js | cat
 */
import { type Future, getRunningLoop, Protocol, type ReadTransport, run, type WriteTransport } from "wasyncio";

/** Writes what it reads in capital letters. */
class Shout extends Protocol {
  readonly #output: WriteTransport;

  constructor(output: WriteTransport) {
    super();
    this.#output = output;
  }

  override dataReceived(data: Buffer): void {
    this.#output.write(Buffer.from(data.toString("latin1").toUpperCase(), "latin1"));
  }

  override eofReceived(): void {
    this.#output.close();
  }
}

/** Looks after the output: whether it is taken, and when it has ended. */
class Output extends Protocol {
  readonly #lost: Future<void>;
  input: ReadTransport | null = null;

  constructor(lost: Future<void>) {
    super();
    this.#lost = lost;
  }

  override pauseWriting(): void {
    this.input?.pauseReading();
  }

  override resumeWriting(): void {
    this.input?.resumeReading();
  }

  override connectionLost(): void {
    this.input?.close();
    this.#lost.setResult();
  }
}

await run(async () => {
  const loop = getRunningLoop();
  const lost = loop.createFuture<void>();
  const [output, watcher] = await loop.connectWritePipe(() => new Output(lost), process.stdout);
  [watcher.input] = await loop.connectReadPipe(() => new Shout(output), process.stdin);
  await lost;
});
