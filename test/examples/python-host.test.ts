/** The host in Python runs on dist/core.wasm, under the wasmtime that the replay tests use. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { runPython } from "../support/wasmtime.js";

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
  const { code, output } = await runPython("examples/python-host");
  assert.is(output, expected);
  assert.is(code, 0);
});

test("python-host refuses a file that is no core", async () => {
  const { code, output } = await runPython("examples/python-host", "package.json");
  assert.is.not(code, 0);
  assert.match(output, /WasmtimeError/);
});

test.run();
