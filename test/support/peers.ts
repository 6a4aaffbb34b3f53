/**
 * Programs of others as the peers of a test.
 *
 * Owns: starting one with pipes for its stdin, stdout and stderr, waiting for what it says, and for its end.
 *
 * Does not own: whether it is there: `.ci/run` installs what is missing, and a test whose peer cannot be started fails.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";

/** A program that runs. */
export class Peer {
  readonly child: ChildProcessWithoutNullStreams;
  /** Everything that it has printed, once it has ended well. Fails with its stderr if it has not. */
  readonly output: Promise<Buffer>;
  #stderr = "";

  constructor(command: string, args: readonly string[]) {
    this.child = spawn(command, args);
    this.child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    this.output = this.#untilEnd(command);
    // A test that has failed already does not look at it.
    this.output.catch(() => {});
  }

  /** Waits until it has said on stderr what matches, and answers the match. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#stderr);
      if (match !== null) return match;
      const next = await Promise.race([once(this.child.stderr, "data"), once(this.child, "close")]);
      if (typeof next[0] !== "string") throw new Error(`it ended without saying ${pattern}: ${this.#stderr}`);
    }
  }

  /** Gives it the last of its input. */
  end(input: Uint8Array | string = ""): void {
    this.child.stdin.end(input);
  }

  /** Ends it, however it likes that. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill();
    await once(this.child, "close");
  }

  async #untilEnd(command: string): Promise<Buffer> {
    const [output, [code, signal]] = await Promise.all([collect(this.child.stdout), once(this.child, "close")]);
    if (code !== 0) throw new Error(`${command} ended with ${code ?? signal}: ${this.#stderr}`);
    return output;
  }
}

/** A program in Python, whose words it finds in `sys.argv[1:]`. */
export function python(program: string, ...words: string[]): Peer {
  return new Peer("python3", ["-c", program, ...words]);
}

async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
