import { test } from "uvu";
import * as assert from "uvu/assert";
import { located, runProgram } from "../../support/child-programs.js";

/** Leaves SIGPIPE as Node leaves it when its last listener goes: deadly. */
const DEADLY = `
const listener = () => {};
process.on("SIGPIPE", listener);
process.removeListener("SIGPIPE", listener);
`;

const WRITE = `
import { newEventLoop, pipe } from "host/index.js";
const write = () => {
  const [reader, writer] = pipe();
  reader.close();
  try { writer.write(Buffer.alloc(1)); } catch (error) { console.log(error.code); }
  writer.close();
};
`;

test("a write to a pipe without a reader kills nobody, whenever SIGPIPE was made deadly", async () => {
  for (const program of [`${DEADLY}${WRITE}write();`, `${WRITE}write();${DEADLY}write();`]) {
    const { code, signal, output } = await runProgram(program);
    assert.equal([code, signal], [0, null]);
    assert.match(output, /^(EPIPE\n?)+$/);
  }
});

test("nor does that of a transport", async () => {
  const { code, signal, output } = await runProgram(`${DEADLY}${WRITE}
    const loop = newEventLoop();
    const [reader, writer] = pipe();
    const lost = loop.createFuture();
    const [transport] = await loop.runUntilComplete(
      loop.connectWritePipe(() => ({ connectionLost: (error) => lost.setResult(error) }), writer));
    reader.close();
    transport.write(Buffer.alloc(1));
    console.log((await loop.runUntilComplete(lost)).code);
    loop.close();`);
  assert.equal([code, signal, output], [0, null, "EPIPE"]);
});

test("nor in a worker", async () => {
  const inWorker = located(`${WRITE}write();`);
  const { code, signal, output } = await runProgram(`${DEADLY}
    import { Worker } from "node:worker_threads";
    new Worker(new URL("data:text/javascript," + encodeURIComponent(${JSON.stringify(inWorker)})));`);
  assert.equal([code, signal, output], [0, null, "EPIPE"]);
});

test("a child process begins with nothing blocked", async () => {
  const { output } = await runProgram(`${WRITE}
    import { execFileSync } from "node:child_process";
    write();
    const signals = /^SigBlk:\\t(.*)$/m;
    const { readFileSync } = await import("node:fs");
    console.log(signals.exec(readFileSync("/proc/thread-self/status", "utf8"))[1]);
    console.log(signals.exec(execFileSync("cat", ["/proc/self/status"], { encoding: "utf8" }))[1]);`);
  assert.equal(output.split("\n"), ["EPIPE", "0000000000001000", "0000000000000000"]);
});

test.run();
