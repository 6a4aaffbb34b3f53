/** What a child prints, for tests that ask nothing else of it. */
import * as assert from "uvu/assert";
import { createSubprocessShell, PIPE } from "../../../host/index.js";
import type { SubprocessOptions } from "../../../host/processes/spawn.js";

/** What a command of the shell prints. */
export async function printed(command: string, options: SubprocessOptions = {}): Promise<string> {
  const child = await createSubprocessShell(command, { stdout: PIPE, ...options });
  const [stdout] = await child.communicate();
  assert.is(child.returncode, 0);
  return String(stdout);
}
