/**
 * The repository as the structural tests see it.
 *
 * Owns: where it is, which files are its own, and what imports what.
 *
 * Does not own: what is right and wrong about them: each test says that itself.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of package.json: compiled, this file is in out/test/tidy/. */
export const root = fileURLToPath(new URL("../../../", import.meta.url));

const foreignFolders = new Set(["__pycache__", ".cache", ".git", "build", "dist", "node_modules", "out"]);

/** Every file that is written by hand or by a command and checked in, as paths from the root. */
export function ownFiles(folder = ""): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder ? `${folder}/${entry.name}` : entry.name;
    if (!entry.isDirectory()) return [path];
    return foreignFolders.has(entry.name) ? [] : ownFiles(path);
  });
}

/** Own TypeScript files of one folder. */
export function sourcesIn(folder: string): string[] {
  return ownFiles(folder).filter((path) => path.endsWith(".ts"));
}

/** The text of a file. */
export function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** One `import … from` or `export … from`. */
export interface Import {
  /** A path from the root without extension, or the name of a package. */
  readonly target: string;
  /** Whether nothing of it is left at run time. */
  readonly typeOnly: boolean;
}

/** What a source file imports. */
export function importsOf(path: string): Import[] {
  const statements = read(path).matchAll(/^(?:import|export)\s+(?:([^;"]*?)\s+from\s+)?"([^"]+)"/gm);
  return [...statements].map(([, names = "", target = ""]) => ({
    target: target.startsWith(".") ? resolveFrom(path, target) : target,
    typeOnly: /^type\b/.test(names) || /^\{(\s*type\s+[^,}]+,?)+\s*\}$/.test(names),
  }));
}

/** A module of dist-scripts/. They are plain JavaScript, so the caller says what it takes from it. */
export function script<Exports>(name: string): Promise<Exports> {
  return import(join(root, "dist-scripts", name));
}

function resolveFrom(path: string, target: string): string {
  const absolute = join(root, path, "..", target);
  return absolute.slice(root.length).replace(/\.(js|ts)$/, "");
}
