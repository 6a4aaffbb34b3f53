/**
 * Where things are in the project.
 *
 * Owns: the paths. Does not own: their contents.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const BENCH = dirname(dirname(fileURLToPath(import.meta.url)));
export const PROJECT = dirname(BENCH);
export const CACHE = join(PROJECT, ".cache");
export const RESULTS = join(BENCH, "results");
