/**
 * A quarter of a gibibyte to a child through `communicate`, and as much back: whether the bytes are the same, and what it costs.
 *
 *   node out/test/soak/quarter-gibibyte.js [MEBIBYTES]
 *
 * Exit code 1 if bytes differ. The input is there four times at the end: as it was given, as what waited for room in the pipe, in
 * the pieces that came back, and as the whole that they make.
 */
import { type Kind, runCommunication } from "./communication.js";

const MEBIBYTE = 1 << 20;
const mebibytes = Number(process.argv[2] ?? 256);
const kinds: Kind[] = ["echoes", "writes first"];

for (const kind of kinds) {
  const { same, returncode, seconds } = await runCommunication(kind, mebibytes * MEBIBYTE);
  const peak = (process.resourceUsage().maxRSS / 1024).toFixed(0);
  const words = `${same ? "bytes equal" : "BYTES DIFFER"}, code ${returncode}, ${seconds.toFixed(1)} s, peak RSS so far ${peak} MiB`;
  console.log(`a child that ${kind}: ${mebibytes} MiB each way: ${words}`);
  if (!same || returncode !== 0) process.exitCode = 1;
}
