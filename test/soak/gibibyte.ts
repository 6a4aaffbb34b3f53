/**
 * A great deal of data through TCP, Unix and TLS, to a reader that is slow: whether the bytes are the same, and what it costs in memory.
 *
 *   node --expose-gc out/test/soak/gibibyte.js [MEBIBYTES]
 *
 * The sender holds back when it is told to pause, the reader stops reading every so often. Exit code 1 if bytes differ, or if resident
 * memory grew by more than 16 MiB beyond the water marks. What grows are slabs that were received
 * into and not collected yet: V8 takes its time with them when there is little other garbage.
 */
import { runThrough, type Through } from "./through.js";

const MEBIBYTE = 1 << 20;
const mebibytes = Number(process.argv[2] ?? 1024);
const kinds: Through["kind"][] = ["TCP", "Unix", "TLS"];

let bad = 0;
for (const kind of kinds) {
  // Whatever is made once is there before memory is measured.
  await runThrough(kind, 64 * MEBIBYTE);
  const { same, grownBytes, pauses, seconds } = await runThrough(kind, mebibytes * MEBIBYTE);
  const grown = (grownBytes / MEBIBYTE).toFixed(1);
  const words = `${same ? "bytes equal" : "BYTES DIFFER"}, ${pauses} pauses, peak +${grown} MiB, ${seconds.toFixed(1)} s`;
  console.log(`${kind.padEnd(5)} ${mebibytes} MiB: ${words}`);
  if (!same || grownBytes > 16 * MEBIBYTE) bad++;
}
process.exitCode = bad === 0 ? 0 : 1;
