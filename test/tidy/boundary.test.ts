/** The boundary of core.wasm changes only on purpose. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { IMPORT_MODULE } from "../../assembly/abi.js";
import { read, root, script, sourcesIn } from "./repository.js";

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

test("an engine needs no more than Wasm 1.0 with memory.copy and memory.fill", () => {
  const args = ["build/core.wasm", "--mvp-features", "--enable-bulk-memory-opt", "--output", "/dev/null"];
  // It validates what it reads, and fails at the first instruction of another feature.
  execFileSync(join(root, "node_modules/.bin/wasm-opt"), args, { cwd: root, stdio: "pipe" });
});

test("every export is used by our host, or ARCHITECTURE.md says what others have it for", () => {
  const host = sourcesIn("host").map(read).join("\n");
  const [, others = ""] = read("ARCHITECTURE.md").split("Our host has no use for these exports");
  const described = [...(others.split("\n## ")[0] ?? "").matchAll(/^\| (`.*?) \|/gm)].flatMap(([, names = ""]) =>
    names.split(", "),
  );
  for (const { name, kind } of WebAssembly.Module.exports(core)) {
    if (kind !== "function") continue;
    const isUsed = new RegExp(`\\b(core|exports)\\.${name}\\b`).test(host);
    assert.is(described.includes(`\`${name}\``), !isUsed, `${name} is ${isUsed ? "" : "not "}used by our host`);
  }
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
