/**
 * How host/ becomes the files of the package.
 *
 * Owns: entries, formats and what stays outside. The code is bundled once, as CommonJS; `package.mjs` writes the ES module entries
 * that re-export it, so that `import` and `require` in one process share one loop registry and one set of classes.
 */
import { join } from "node:path";
import { buildFolder, distFolder } from "./files.mjs";

/** The package's entries: the name in dist/, and the module in host/. The last is for the workers of pools. */
export const entries = ["index", "testing", "embed", "worker", "pool-worker"];

export default {
  input: Object.fromEntries(entries.map((name) => [name, join(buildFolder, "host/host", `${name}.js`)])),
  external: /^(node:|koffi$|workerpool$)/,
  // Values that differ between CommonJS and ES modules, such as import.meta.url, are rewritten by rollup for the format.
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
