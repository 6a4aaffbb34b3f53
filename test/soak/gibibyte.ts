/**
 * A great deal of data through TCP, Unix and TLS, to a reader that is slow: whether the bytes are the same, and what it costs in memory.
 *
 *   node out/test/soak/gibibyte.js [MEBIBYTES]
 *
 * The sender holds back when it is told to pause, the reader stops reading every so often. Each is measured in a process of its own.
 * Exit code 1 if bytes differ, or if resident memory grew by more than 16 MiB beyond the water marks. What grows with a Protocol are
 * slabs that were received into and not collected yet (see `net/receive-slab.ts`). A BufferedProtocol has one buffer, and makes none.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Reading, runThrough, type Through } from "./through.js";

const MEBIBYTE = 1 << 20;
const [mebibytes = "1024", kind, reading] = process.argv.slice(2);

if (kind === undefined) measureAll();
else process.exitCode = await measure(kind as Through["kind"], reading as Reading);

function measureAll(): void {
  for (const each of ["Protocol", "BufferedProtocol"] satisfies Reading[]) {
    for (const by of ["TCP", "Unix", "TLS"] satisfies Through["kind"][]) {
      const words = ["--expose-gc", fileURLToPath(import.meta.url), mebibytes, by, each];
      if (spawnSync(process.execPath, words, { stdio: "inherit" }).status !== 0) process.exitCode = 1;
    }
  }
}

/** Answers an exit code. */
async function measure(by: Through["kind"], each: Reading): Promise<number> {
  // Whatever is made once is there before memory is measured.
  await runThrough(by, 64 * MEBIBYTE, each);
  const { same, grownBytes, pauses, seconds } = await runThrough(by, Number(mebibytes) * MEBIBYTE, each);
  const grown = (grownBytes / MEBIBYTE).toFixed(1);
  const words = `${same ? "bytes equal" : "BYTES DIFFER"}, ${pauses} pauses, peak +${grown} MiB, ${seconds.toFixed(1)} s`;
  console.log(`${by.padEnd(5)} ${each.padEnd(16)} ${mebibytes} MiB: ${words}`);
  return same && grownBytes <= 16 * MEBIBYTE ? 0 : 1;
}
