/**
 * Where things are in the repository, and how to list and hash them.
 *
 * Owns: the folder names, walking, content hashes.
 *
 * Does not own: what is built from what (`build.mjs`).
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(fileURLToPath(import.meta.url), "../..");
export const buildFolder = join(root, "build");
export const cacheFolder = join(root, ".cache");
export const distFolder = join(root, "dist");
export const outFolder = join(root, "out");

/** The path as a reader types it: from the root of the repository, with forward slashes. */
export function fromRoot(path) {
  return relative(root, path).replaceAll("\\", "/");
}

/** What tsc makes of a source file that is named from the root. */
export function compiledFile(source) {
  return join(outFolder, source.replace(/\.ts$/, ".js"));
}

/** Every file below a folder (or the file itself) whose path matches, sorted, as absolute paths. Nothing there: an empty list. */
export function listFiles(path, pattern = /./) {
  const start = resolve(root, path);
  if (!existsSync(start)) return [];
  const found = [];
  const entries = readdirSync(start, { withFileTypes: true });
  for (const entry of entries) {
    const child = join(start, entry.name);
    if (entry.isDirectory()) found.push(...listFiles(child, pattern));
    else if (pattern.test(child)) found.push(child);
  }
  return found.sort();
}

/** One hash over the names and contents of files; a file that is missing counts as such. */
export function hashFiles(paths) {
  const hash = createHash("sha256");
  for (const path of paths) {
    const file = resolve(root, path);
    hash.update(`${fromRoot(file)}\0`);
    hash.update(existsSync(file) ? readFileSync(file) : "missing");
    hash.update("\0");
  }
  return hash.digest("hex");
}

/** 12,345 */
export function withThousands(number) {
  return number.toLocaleString("en-US");
}
