/** Worker threads leave no descriptor open, whichever way they end. */
import { once } from "node:events";
import { closeSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { Worker } from "node:worker_threads";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { leakChecked } from "../../support/leaks.js";

const test = leakChecked(suite("the end of a worker thread"));

function descriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

/** Runs a worker to its end, and tells what it said of itself. */
async function end(how: string): Promise<{ port: number; left: number }> {
  const worker = new Worker(new URL("./ending-thread.js", import.meta.url), { workerData: how });
  worker.on("error", () => {});
  const exited = new Promise((resolve) => worker.once("exit", resolve));
  const told = await new Promise<{ port: number; left: number }>((resolve) => worker.once("message", resolve));
  if (how === "terminate") await worker.terminate();
  await exited;
  return told;
}

for (const how of ["terminate", "process.exit", "throw", "end"]) {
  test(`by ${how} closes what it has open, but for what it gave away`, async () => {
    // The first worker of a process makes Node open some of its own.
    closeSync((await end(how)).left);
    const before = descriptors();
    for (let round = 0; round < 3; round++) {
      const { port, left } = await end(how);
      closeSync(left);
      const server = createServer();
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
      server.close();
      await once(server, "close");
    }
    assert.is(descriptors(), before);
  });
}

test.run();
