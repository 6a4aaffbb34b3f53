/**
 * Folders for tests that leave something in the file system.
 *
 * Owns: making an empty folder, and removing it with whatever is in it then.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Calls `body` with an empty folder that is gone afterwards. Its path is short enough for a Unix socket in it. */
export async function withFolder<T>(body: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "wasyncio-"));
  try {
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
