/**
 * Runs a compiled program in a network and with system files of its own, where only root's rights are those of the program.
 *
 * Owns: the namespaces, and in them: a loopback interface with port numbers nobody else uses, and /etc/hosts,
 * /etc/resolv.conf and /etc/nsswitch.conf as the test wants them.
 *
 * Does not own: the program. Whoever calls says what happens where namespaces are not allowed.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Ending } from "./child-programs.js";

const UNSHARE = ["--map-root-user", "--mount", "--net"];
const SYSTEM_FILES = ["hosts", "resolv.conf", "nsswitch.conf"];

/** SIOCSIFFLAGS with IFF_UP. */
const LOOPBACK_UP = `import fcntl, socket, struct
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh", b"lo", 1))`;

/** `$1` has the files, the others are the command. */
const SCRIPT = `set -e
files="$1"; shift
for file in ${SYSTEM_FILES.join(" ")}; do mount --bind "$files/$file" "/etc/$file"; done
python3 -c '${LOOPBACK_UP}'
exec "$@"`;

/** Why programs cannot be run this way, or null if they can. */
export const namespacesMissing: string | null = (() => {
  if (!SYSTEM_FILES.every((file) => existsSync(`/etc/${file}`))) return "a file in /etc is missing";
  if (spawnSync("unshare", [...UNSHARE, "true"]).status !== 0) return "namespaces are not allowed here";
  return spawnSync("python3", ["-c", "import fcntl"]).status === 0 ? null : "there is no python3";
})();

/**
 * Runs a program, named as in `host/net/lookup-scenes`, with these words, to its end.
 *
 * @param hosts what /etc/hosts says
 * @param patienceSeconds how long 127.0.0.1, which is the name server, has for an answer; it is asked once
 */
export function runInNamespace(
  program: string,
  words: readonly string[],
  hosts: string,
  patienceSeconds: number,
): Promise<Ending> {
  const folder = mkdtempSync(join(tmpdir(), "wasyncio-namespace-"));
  const server = `nameserver 127.0.0.1\noptions timeout:${patienceSeconds} attempts:1\n`;
  const texts = [hosts, server, "hosts: files dns\nservices: files\n"];
  for (const [index, file] of SYSTEM_FILES.entries()) writeFileSync(join(folder, file), texts[index] as string);
  const script = fileURLToPath(new URL(`../${program}.js`, import.meta.url));
  const command = ["sh", "-c", SCRIPT, "sh", folder, process.execPath, "--expose-gc", script, ...words];
  const child = spawn("unshare", [...UNSHARE, ...command], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      rmSync(folder, { recursive: true, force: true });
      resolve({ code, signal, output: output.trim() });
    });
  });
}
