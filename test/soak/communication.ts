/**
 * Sends data to a child with `communicate` while the child sends as much back.
 *
 * Owns: the two kinds of child, what is sent, and the comparing of hashes.
 */
import { createHash, randomBytes } from "node:crypto";
import { createSubprocessShell, PIPE, run } from "../../host/index.js";

const SOURCE_BYTES = 1 << 20;

/** What the child does: `echoes` sends back what it reads; `writes first` reads nothing before all that it writes is taken. */
export type Kind = "echoes" | "writes first";

/** What became of it. */
export interface Communication {
  /** Whether both sides got what the other has sent. */
  readonly same: boolean;
  readonly returncode: number | null;
  readonly seconds: number;
}

/** Sends so many bytes both ways. */
export function runCommunication(kind: Kind, bytes: number): Promise<Communication> {
  const input = makeInput(bytes);
  // The second one's last words are the hash of what it has read.
  const command = kind === "echoes" ? "cat" : `head -c ${bytes} /dev/zero; sha256sum`;
  return run(async () => {
    const start = performance.now();
    const child = await createSubprocessShell(command, { stdin: PIPE, stdout: PIPE });
    const [stdout] = await child.communicate(input);
    const seconds = (performance.now() - start) / 1000;
    const output = stdout ?? Buffer.alloc(0);
    const same = kind === "echoes" ? hash(output) === hash(input) : isZerosAndHash(output, input);
    return { same, returncode: child.returncode, seconds };
  });
}

/** No two stretches of it are alike, so that a lost or a repeated one is seen. */
function makeInput(bytes: number): Buffer {
  const source = randomBytes(SOURCE_BYTES);
  const input = Buffer.alloc(bytes);
  for (let start = 0; start < bytes; start += SOURCE_BYTES) {
    source.writeUInt32LE(start / SOURCE_BYTES);
    source.copy(input, start);
  }
  return input;
}

function isZerosAndHash(output: Buffer, input: Buffer): boolean {
  const zeros = Buffer.alloc(input.length);
  const words = output.subarray(input.length).toString();
  return hash(output.subarray(0, input.length)) === hash(zeros) && words.startsWith(`${hash(input)} `);
}

function hash(data: Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}
