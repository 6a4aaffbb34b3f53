/**
 * Asks a child for the date and reads the line that it prints, with streams, as in asyncio's documentation.
 *
 *   node out/examples/get-date.js
 */
import { createSubprocessExec, PIPE, run } from "wasyncio";

const code = "console.log(new Date().toISOString())";

async function getDate(): Promise<string> {
  // Create the child; its standard output is a pipe.
  const child = await createSubprocessExec(process.execPath, "-e", code, { stdout: PIPE });

  // Read one line of output.
  const data = await child.stdout.readline();

  // Wait for the child's exit.
  await child.wait();
  return String(data).trimEnd();
}

console.log(`Current date: ${await run(getDate)}`);
