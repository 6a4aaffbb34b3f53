/**
 * Prints what core.wasm imports and exports: `node dist-scripts/boundary.mjs [--write]`.
 *
 * `--write` (npm run boundary) puts it into `dist-scripts/boundary.txt`. A test compares the two, so that the boundary changes only on
 * purpose: change the core, raise ABI_VERSION, run this, and commit the file with the change.
 *
 * Does not own: reading the binary (`wasm-signatures.mjs`), what the functions mean (`assembly/host.ts`, `assembly/index.ts`).
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { buildFolder, root } from "./files.mjs";
import { describeBoundary } from "./wasm-signatures.mjs";

await build();
const text = describeBoundary(readFileSync(join(buildFolder, "core.wasm")));
if (process.argv.includes("--write")) writeFileSync(join(root, "dist-scripts/boundary.txt"), text);
process.stdout.write(text);
