/**
 * Puts dist/ together: what `npm publish` ships.
 *
 *   dist/index.cjs, testing.cjs, …             the entries, CommonJS
 *   dist/shared.cjs                            what they share
 *   dist/index.js, testing.js, …               the same entries for `import`: they re-export the CommonJS ones
 *   dist/index.d.ts, …                         their types
 *   dist/types/                                tsc's declarations, as far as the entries reach
 *   dist/core.wasm
 *
 * Does not own: what is exported (host/index.ts, testing.ts, embed.ts, worker.ts) and the bundling (`rollup.config.mjs`).
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { rollup } from "rollup";
import { buildFolder, distFolder, listFiles, outFolder, root, withThousands } from "./files.mjs";
import config, { entries } from "./rollup.config.mjs";
import { BuildError } from "./steps.mjs";

const INTERNAL = /\/\*\*[\s*]+@internal.*?\*\/\s*/gs;

/** Rebuilds dist/ from nothing. @throws BuildError when rollup warns: a warning here is a mistake in the package */
export async function packageDist() {
  rmSync(distFolder, { recursive: true, force: true });
  const bundle = await rollup({
    ...config,
    onwarn: (warning) => {
      throw new BuildError(`rollup: ${warning.message}`);
    },
  });
  const { output } = await bundle.write(config.output);
  await bundle.close();
  for (const chunk of output.filter(({ isEntry }) => isEntry)) writeModuleEntry(chunk);
  copyDeclarations();
  copyFileSync(join(buildFolder, "core.wasm"), join(distFolder, "core.wasm"));
  const files = listFiles(distFolder);
  const bytes = files.reduce((sum, file) => sum + readFileSync(file).length, 0);
  return `${files.length} files, ${withThousands(bytes)} bytes`;
}

/** Names each export, because a reader and every tool can follow names where `export *` from CommonJS must be guessed. */
function writeModuleEntry({ name, exports, fileName }) {
  const names = exports.map((each) => `  ${each},\n`).join("");
  writeFileSync(join(distFolder, `${name}.js`), `export {\n${names}} from "./${fileName}";\n`);
  writeFileSync(join(distFolder, `${name}.d.ts`), `export * from "./types/host/${name}.js";\n`);
}

/** The declarations are those of the CommonJS files, and a package.json of their own says so. */
function copyDeclarations() {
  const reached = new Set();
  for (const entry of entries) reach(join(outFolder, `host/${entry}.d.ts`), reached);
  for (const file of reached) {
    const target = join(distFolder, "types", relative(outFolder, file));
    mkdirSync(dirname(target), { recursive: true });
    // The enums exist at run time; `const` would forbid them to programs that compile file by file.
    const declarations = readFileSync(file, "utf8").replaceAll("export declare const enum", "export declare enum");
    // What is marked as internal has to be declared, but not explained, to those who use the package; nor has a file's head.
    const explained = declarations.replace(headOf(file), "").replaceAll(INTERNAL, "");
    // TypeScript 7 knows Node's types only where somebody asks for them.
    const isEntry = entries.includes(relative(join(outFolder, "host"), file).replace(".d.ts", ""));
    writeFileSync(target, isEntry ? `/// <reference types="node" />\n${explained}` : explained);
  }
  writeFileSync(join(distFolder, "types/package.json"), '{ "type": "commonjs" }\n');
}

/** What the source of a declaration file says of itself, to those who work on it. */
function headOf(file) {
  const source = join(root, relative(outFolder, file).replace(".d.ts", ".ts"));
  return /^\/\*\*.*?\*\/\n/s.exec(readFileSync(source, "utf8"))[0];
}

function reach(file, reached) {
  if (reached.has(file)) return;
  reached.add(file);
  for (const [, path] of readFileSync(file, "utf8").matchAll(/(?:from|import\()\s*"(\.[^"]+)\.js"/g)) {
    reach(join(dirname(file), `${path}.d.ts`), reached);
  }
}
