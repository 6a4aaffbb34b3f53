/** The boundary of core.wasm changes only on purpose. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { IMPORT_MODULE } from "../../assembly/abi.js";
import { read, root, script } from "./repository.js";

const coreBytesMax = 16 * 1024;
const bytes = readFileSync(join(root, "build/core.wasm"));
const core = new WebAssembly.Module(bytes);
const { describeBoundary } = await script<{ describeBoundary(bytes: Uint8Array): string }>("wasm-signatures.mjs");

test("imports and exports are those of the checked-in list", () => {
  const hint = "the boundary has changed: raise ABI_VERSION, run `npm run boundary`, commit dist-scripts/boundary.txt";
  assert.is(describeBoundary(bytes), read("dist-scripts/boundary.txt"), hint);
});

test("the list names every import and export that the engine sees", () => {
  const lines = describeBoundary(bytes).trimEnd().split("\n");
  const names = lines.map((line) => line.split(" ").slice(0, 2).join(" "));
  const imports = WebAssembly.Module.imports(core).map(({ module, name }) => `import ${module}.${name}`);
  const exports = WebAssembly.Module.exports(core).map(({ name }) => `export ${name}`);
  assert.equal(names.sort(), [...imports, ...exports].sort());
});

test("every import is a function of the one module", () => {
  for (const { module, name, kind } of WebAssembly.Module.imports(core)) {
    assert.equal({ module, kind }, { module: IMPORT_MODULE, kind: "function" }, name);
  }
});

test("every signature is made of i32 and f64 only", () => {
  assert.not.match(read("dist-scripts/boundary.txt"), /\b(i64|f32|undefined)\b/);
});

test("the core is no larger than promised", () => {
  assert.ok(bytes.length <= coreBytesMax, `core.wasm has ${bytes.length} bytes, promised are at most ${coreBytesMax}`);
});

test("the core is shipped without names and source maps", () => {
  for (const section of ["name", "sourceMappingURL"]) {
    assert.is(WebAssembly.Module.customSections(core, section).length, 0, section);
  }
});

test.run();
