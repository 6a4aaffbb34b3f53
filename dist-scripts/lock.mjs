/**
 * One build at a time in one working tree: `npm start` beside `npm test` must not write the same files at once.
 *
 * Owns: the lock file, waiting for it, and taking over one whose process is gone.
 *
 * Does not own: what happens under the lock.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { cacheFolder, fromRoot } from "./files.mjs";

const lockFile = join(cacheFolder, "build.lock");

/** Runs `work` while no other process of this working tree builds. */
export async function withBuildLock(work) {
  mkdirSync(cacheFolder, { recursive: true });
  let told = false;
  while (!tryLock()) {
    if (!told) console.log(`waiting for another build (${fromRoot(lockFile)})`);
    told = true;
    await delay(100);
  }
  try {
    return await work();
  } finally {
    rmSync(lockFile, { force: true });
  }
}

function tryLock() {
  try {
    writeFileSync(lockFile, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    if (!holderIsAlive()) rmSync(lockFile, { force: true });
    return false;
  }
}

function holderIsAlive() {
  try {
    process.kill(Number(readFileSync(lockFile, "utf8")), 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
