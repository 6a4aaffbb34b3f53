/**
 * How host/ becomes the files of the package.
 *
 * Owns: entries, formats and what stays outside. The code is bundled once, as CommonJS; `package.mjs` writes the ES module entries
 * that re-export it, so that `import` and `require` in one process share one loop registry and one set of classes.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildFolder, distFolder } from "./files.mjs";

/** The package's entries: the name in dist/, and the module in host/. The last is for the workers of pools. */
export const entries = ["index", "testing", "embed", "worker", "pool-worker"];

/** What rollup does not do by itself. */
const forBundlers = {
  name: "for-bundlers",
  /** A bundler of a user's takes code along, and no files: so the core is in the code. */
  load(id) {
    if (!id.endsWith("/host/core-bytes.js")) return null;
    const text = readFileSync(join(buildFolder, "core.wasm")).toString("base64");
    return `export function coreBytes() { return Uint8Array.from(Buffer.from("${text}", "base64")); }`;
  },
  /** Bundlers follow a `require`, and not what `createRequire` makes. Native code cannot be bundled, so koffi is left to Node. */
  transform(code) {
    return code.replaceAll(/createRequire\(import\.meta\.url\)\("(?!koffi")/g, 'require("');
  },
  /** Rollup would ask for a `document` first, and test tools have one. */
  resolveImportMeta(property) {
    return property === "url" ? 'require("node:url").pathToFileURL(__filename).href' : null;
  },
  /** What is imported is known when the program runs. */
  renderDynamicImport() {
    return { left: "import(/* webpackIgnore: true */ ", right: ")" };
  },
};

/** One character outside of ASCII, and V8 keeps the whole file with two bytes for each: half a megabyte. */
const ascii = {
  name: "ascii",
  renderChunk: (code) =>
    code.replaceAll(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
};

export default {
  plugins: [forBundlers, ascii],
  input: Object.fromEntries(entries.map((name) => [name, join(buildFolder, "host/host", `${name}.js`)])),
  external: /^(node:|koffi$|workerpool$)/,
  output: {
    dir: distFolder,
    format: "cjs",
    exports: "named",
    interop: "default",
    externalLiveBindings: false,
    freeze: false,
    entryFileNames: "[name].cjs",
    chunkFileNames: "shared.cjs",
    manualChunks: (id, { getModuleInfo }) => (getModuleInfo(id).isEntry ? undefined : "shared"),
  },
};
