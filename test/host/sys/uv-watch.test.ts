import { openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FileDescriptor, pipe } from "../../../host/net/pipe.js";
import { socketpair } from "../../../host/net/socket.js";
import { type Koffi, loadKoffi, registeredCallbacks } from "../../../host/sys/libc.js";
import { watchReadable } from "../../../host/sys/uv-watch.js";
import { located, runProgram } from "../../support/child-programs.js";
import { leakChecked } from "../../support/leaks.js";
import { closeAll, thrownBy } from "../../support/sockets.js";

const test = leakChecked(suite("watching from Node's loop"));

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Enough turns of Node's loop for every poll to have been answered. */
async function turns(): Promise<void> {
  for (let count = 0; count < 5; count++) await turn();
}

/** A descriptor that is readable and stays so, watched: what each program below begins with. */
const BUSY = `
  import { watchReadable } from "host/sys/uv-watch.js";
  import { socketpair } from "host/net/socket.js";
  import { registeredCallbacks } from "host/sys/libc.js";
  const [left, right] = socketpair();
  right.send(Buffer.from("x"));
  let calls = 0;
  const watch = watchReadable(left.fileno(), () => { calls += 1; });
  const busy = (then) => { calls > 3 ? then() : setImmediate(busy, then); };
`;

/** Loads the native code into the main thread too. */
const HAS_LOADED = `
  import { watchReadable } from "host/sys/uv-watch.js";
  import { registeredCallbacks } from "host/sys/libc.js";
  import { socketpair } from "host/net/socket.js";
  watchReadable(socketpair()[0].fileno(), () => {}).close();
`;

/** Starts a worker that is busy, and does to it, or to the process, what it says it wants. */
function startWorker(ending: string): string {
  const program = located(`import { parentPort } from "node:worker_threads"; ${BUSY} ${ending}`);
  return `
    import { Worker } from "node:worker_threads";
    const worker = new Worker(new URL("data:text/javascript," + encodeURIComponent(${JSON.stringify(program)})));
    worker.on("error", () => {});
    worker.on("message", (message) => message === "exit" ? process.exit(4) : worker.terminate());
  `;
}

test("calls back while the descriptor is readable, and not otherwise", async () => {
  const [left, right] = socketpair();
  let calls = 0;
  const watch = watchReadable(left.fileno(), () => {
    calls += 1;
  });
  await turns();
  assert.is(calls, 0);
  right.send(Buffer.from("x"));
  await turns();
  assert.ok(calls > 1);
  left.recv(1);
  const before = calls;
  await turns();
  assert.is(calls, before);
  closeAll(watch, left, right);
});

test("is silent while stopped, and after its close", async () => {
  const [left, right] = socketpair();
  let calls = 0;
  const watch = watchReadable(left.fileno(), () => {
    calls += 1;
  });
  right.send(Buffer.from("x"));
  watch.stop();
  await turns();
  assert.is(calls, 0);
  watch.start();
  await turns();
  assert.ok(calls > 0);
  watch.close();
  const before = calls;
  await turns();
  assert.is(calls, before);
  closeAll(left, right);
});

test("takes every call after its close for nothing", () => {
  const [left, right] = socketpair();
  const watch = watchReadable(left.fileno(), () => {});
  watch.close();
  const again = watchReadable(left.fileno(), () => {});
  for (const call of ["ref", "unref", "start", "stop", "close"] as const) watch[call]();
  assert.is(thrownBy(() => watchReadable(left.fileno(), () => {})).code, "ERR_ALREADY_WATCHED");
  closeAll(again, left, right);
});

test("refuses a descriptor that libuv would abort over", () => {
  const [read, write] = pipe();
  const fd = read.fileno();
  closeAll(read, write);
  for (const junk of [fd, -1, Number.NaN, 2 ** 31]) {
    assert.is(thrownBy(() => watchReadable(junk, () => {})).code, "EBADF", String(junk));
  }
  const file = new FileDescriptor(openSync(fileURLToPath(import.meta.url), "r"));
  assert.is(thrownBy(() => watchReadable(file.fileno(), () => {})).code, "EPERM");
  file.close();
});

test("lets its descriptor be closed in the turn in which it was made", async () => {
  const [left, right] = socketpair();
  const watch = watchReadable(left.fileno(), () => {});
  closeAll(watch, left, right);
  await turns();
});

test("a descriptor can be watched again and again", async () => {
  const [left, right] = socketpair();
  right.send(Buffer.from("x"));
  let calls = 0;
  for (let round = 0; round < 50; round++) {
    const watch = watchReadable(left.fileno(), () => {
      calls |= 1;
    });
    if (round % 2 === 0) await turn();
    watch.close();
  }
  assert.is(calls, 1);
  closeAll(left, right);
});

test("keeps the process alive, unless it is unref'd or stopped", async () => {
  const idle = BUSY.replace('right.send(Buffer.from("x"));', "");
  for (const release of ["watch.unref()", "watch.stop()", "watch.close()"]) {
    assert.equal(await runProgram(`${idle} ${release};`), { code: 0, signal: null, output: "" }, release);
  }
  const kept = await runProgram(`${idle} watch.unref(); watch.ref(); console.log("on");`, (_, pid) =>
    process.kill(pid),
  );
  assert.equal(kept, { code: null, signal: "SIGTERM", output: "on" });
});

test("a busy process ends cleanly, whichever way it ends", async () => {
  const clean = { code: 0, signal: null, output: "" };
  assert.equal(await runProgram(`${BUSY} busy(() => watch.unref());`), clean);
  assert.equal(await runProgram(`${BUSY} busy(() => process.exit());`), clean);
  assert.equal(await runProgram(`${BUSY} process.exit();`), clean);
  const thrown = await runProgram(`${BUSY} busy(() => { throw new Error("uncaught"); });`);
  assert.is(thrown.code, 1);
  assert.match(thrown.output, "Error: uncaught");
  const killed = await runProgram(`${BUSY} busy(() => console.log("busy"));`, (_, pid) => process.kill(pid));
  assert.equal(killed, { code: null, signal: "SIGTERM", output: "busy" });
});

test("what the callback throws is an uncaught exception, and nobody else's", async () => {
  const { code, output } = await runProgram(`
    import { watchReadable } from "host/sys/uv-watch.js";
    import { socketpair } from "host/net/socket.js";
    const [left, right] = socketpair();
    right.send(Buffer.from("x"));
    process.on("uncaughtException", (error) => { console.log("caught", error.message); });
    const watch = watchReadable(left.fileno(), () => { throw new Error("thrown"); });
    setImmediate(() => setImmediate(() => { watch.close(); left.recv(1); console.log("ended"); }));
  `);
  assert.is(code, 0);
  assert.match(output, "caught thrown");
  assert.match(output, "ended");
});

test("works in a worker, and ends with it, whichever way it ends", async () => {
  const endings = {
    "busy(() => watch.close());": [0, 0],
    "busy(() => process.exit(3));": [3, 0],
    'busy(() => { throw new Error("uncaught"); });': [1, 0],
    'busy(() => parentPort.postMessage("terminate"));': [1, 1],
  };
  for (const [ending, [code, slots]] of Object.entries(endings)) {
    const main = 'worker.on("exit", (code) => console.log(code, registeredCallbacks()));';
    const result = await runProgram(`${HAS_LOADED} ${startWorker(ending)} ${main}`);
    assert.equal(result, { code: 0, signal: null, output: `${code} ${slots}` }, ending);
  }
});

test("ends cleanly also in a worker that was alone in loading native code", async () => {
  // Node unloads it with the worker, before the worker's handles are closed.
  for (const [message, code] of [
    ["terminate", 0],
    ["exit", 4],
  ]) {
    const result = await runProgram(startWorker(`busy(() => parentPort.postMessage("${message}"));`));
    assert.equal(result, { code, signal: null, output: "" }, message as string);
  }
});

test("a process ends cleanly while a worker is busy", async () => {
  const result = await runProgram(`${HAS_LOADED} ${startWorker('busy(() => parentPort.postMessage("exit"));')}`);
  assert.equal(result, { code: 4, signal: null, output: "" });
});

test("a watch for which no callback is left fails, and leaves nothing behind", async () => {
  const [left, right] = socketpair();
  watchReadable(left.fileno(), () => {}).close();
  const koffi = loadKoffi();
  const type = koffi.pointer(koffi.proto("void", []));
  const taken: bigint[] = [];
  // One for the watch itself, and another to find its handle by.
  for (const free of [0, 1]) {
    while (takeCallback(koffi, type, taken));
    for (const callback of taken.splice(taken.length - free)) koffi.unregister(callback);
    const before = registeredCallbacks();
    assert.match(thrownBy(() => watchReadable(left.fileno(), () => {})).message, "callbacks");
    assert.is(registeredCallbacks(), before);
  }
  for (const callback of taken) koffi.unregister(callback);
  const watch = watchReadable(left.fileno(), () => {});
  await turns();
  watch.close();
  closeAll(left, right);
});

function takeCallback(koffi: Koffi, type: unknown, taken: bigint[]): boolean {
  try {
    taken.push(koffi.register(() => {}, type));
    return true;
  } catch {
    return false;
  }
}

test.run();
