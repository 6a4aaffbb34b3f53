/** The host in Python runs on dist/core.wasm, under the wasmtime that the replay tests use. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { script } from "../tidy/repository.js";

type Env = NodeJS.ProcessEnv;

const { findWheel } = await script<{ findWheel(): Promise<{ command: string; env: Env }> }>("wasmtime.mjs");
const { run } = await script<{
  run(command: string, args: string[], options: { env: Env }): Promise<{ code: number; output: string }>;
}>("processes.mjs");
const { command, env } = await findWheel();

const expected = `\
shout: waits for a timer
call: in the next turn
a callback raised ZeroDivisionError('integer division or modulo by zero')
main: has given up a turn
done callback: shout has ended
main: shout returned done
main: the socket said hello
patient: cancelled where it waits
main: patient has ended
slots that are left: 0
`;

test("python-host prints what it should", async () => {
  const { code, output } = await run(command, ["examples/python-host"], { env });
  assert.is(output, expected);
  assert.is(code, 0);
});

test("python-host refuses a file that is no core", async () => {
  const { code, output } = await run(command, ["examples/python-host", "package.json"], { env });
  assert.is.not(code, 0);
  assert.match(output, /WasmtimeError/);
});

test.run();
