/**
 * Runs a command of the shell and shows what it printed, as in asyncio's documentation.
 *
 *   node out/examples/subprocess.js [COMMAND]
 */
import { createSubprocessShell, PIPE, run } from "wasyncio";

const [command = "ls /zzz"] = process.argv.slice(2);

await run(async () => {
  const child = await createSubprocessShell(command, { stdout: PIPE, stderr: PIPE });
  const [stdout, stderr] = await child.communicate();
  console.log(`['${command}' exited with ${child.returncode}]`);
  if (stdout?.length) console.log(`[stdout]\n${stdout}`.trimEnd());
  if (stderr?.length) console.log(`[stderr]\n${stderr}`.trimEnd());
});
