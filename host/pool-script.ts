/**
 * Where the program is that workers of a pool run.
 *
 * Owns: its path, which is the same beside this file in the sources and in the package.
 */
import { fileURLToPath } from "node:url";

/** The path of `pool-worker.js`. */
export const poolScript = fileURLToPath(new URL("./pool-worker.js", import.meta.url));
