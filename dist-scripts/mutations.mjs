/**
 * Proves that the tests notice an argument that is ignored: `node dist-scripts/mutations.mjs [PATTERN…]`.
 *
 * Owns: neutralising one keyword at a time in a copy of what is compiled, and running the test file that should fail then. A
 * pattern is a part of a keyword's name; without any, all are tried. The exit code is 0 only when every one was noticed.
 *
 * Does not own: the list. Each file in test/mutations/ holds that of one area: for each keyword the compiled file, the text that
 * stands in it once, the text that ignores the keyword, and the test.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { cacheFolder, listFiles, outFolder } from "./files.mjs";
import { runUvuFile } from "./uvu-file.mjs";

const timeoutMs = 60_000;
const copy = join(cacheFolder, "mutations", "out");

const patterns = process.argv.slice(2);
const mutations = listFiles("test/mutations", /\.json$/)
  .flatMap((file) => JSON.parse(readFileSync(file, "utf8")))
  .filter(({ keyword }) => patterns.length === 0 || patterns.some((pattern) => keyword.includes(pattern)));

await build();
rmSync(copy, { recursive: true, force: true });
mkdirSync(copy, { recursive: true });
cpSync(outFolder, copy, { recursive: true });

let unnoticed = 0;
for (const { keyword, file, find, replace, test } of mutations) {
  const path = join(copy, file);
  const original = readFileSync(path, "utf8");
  if (original.split(find).length !== 2) throw new Error(`${keyword}: ${file} does not hold exactly once: ${find}`);
  writeFileSync(
    path,
    original.replace(find, () => replace),
  );
  const { failed } = await runUvuFile(join(copy, test), process.env, timeoutMs);
  writeFileSync(path, original);
  console.log(`${failed > 0 ? "noticed   " : "UNNOTICED "} ${keyword}`);
  if (failed === 0) unnoticed++;
}

console.log(`\n${mutations.length - unnoticed} noticed, ${unnoticed} unnoticed`);
process.exitCode = unnoticed === 0 && mutations.length > 0 ? 0 : 1;
