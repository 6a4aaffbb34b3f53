/**
 * Children, held against the checks of uvloop's: tests/test_process.py, with each of its errors and ends at every moment.
 *
 * Does not own: what subprocess.test.ts says already; streams, for which there is streams/cpython-subprocess.test.ts.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createSubprocessExec, createSubprocessShell, PIPE, pipe, sleep } from "../../../host/index.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";
import { blockUntilEnded } from "../../support/zombies.js";
import { iteration, onLoop, rejectionOf } from "../net/support.js";
import { Notes } from "./notes.js";
import { printed } from "./printed.js";

const test = leakChecked(suite("children, as uvloop tests them"));

/** The ids of this process's children, those that nobody has heard of included. */
function children(): number[] {
  const ids = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim();
  return ids === "" ? [] : ids.split(" ").map(Number);
}

for (const [which, options, lost] of [
  ["pipes", {}, ["PL0", "PL1", "PL2"]],
  ["no stdin", { stdin: null }, ["PL1", "PL2"]],
  ["no pipe at all", { stdin: null, stdout: null, stderr: null }, []],
] as const) {
  test(
    `with ${which} that have ended before their pipes are connected tell everything, and first of themselves`,
    onLoop(async ({ loop }) => {
      const before = children();
      const launching = loop.subprocessShell(() => new Notes(loop), ": && exit 3", options);
      for (const pid of children()) if (!before.includes(pid)) blockUntilEnded(pid);
      const [transport, notes] = await launching;
      assert.is(notes.trace[0], "CM");
      assert.is(await notes.lost, null);
      assert.is(transport.getReturncode(), 3);
      assert.equal([...notes.trace].sort(), ["CL", "CM", "PE", ...lost].sort());
      assert.is(notes.trace.at(-1), "CL");
    }),
  );
}

test(
  "whose output has come before their pipes are connected tell of it before its end",
  onLoop(async ({ loop }) => {
    const launching = loop.subprocessShell(() => new Notes(loop), "echo out; echo error >&2");
    for (const pid of children()) blockUntilEnded(pid);
    const [, notes] = await launching;
    await notes.lost;
    assert.equal([notes.text(1), notes.text(2)], ["out\n", "error\n"]);
  }),
);

test(
  "protocols that throw at everything are reported each time, and told of the rest all the same",
  onLoop(async ({ loop, reported }) => {
    const told: string[] = [];
    const throwing = (name: string) => () => {
      told.push(name);
      throw new Error(name);
    };
    const names = ["connectionMade", "pipeDataReceived", "pipeConnectionLost", "processExited", "connectionLost"];
    const protocol = Object.fromEntries(names.map((name) => [name, throwing(name)]));
    const [transport] = await loop.subprocessShell(() => protocol, "echo out", { stdin: null, stderr: null });
    assert.is(await transport._wait(), 0);
    while (!told.includes("connectionLost")) await iteration(loop);
    await iteration(loop);
    assert.equal([...told].sort(), [...names].sort());
    assert.equal(
      reported.splice(0).map(({ exception }) => (exception as Error).message),
      told,
    );
    assert.ok(transport.isClosing());
  }),
);

test(
  "tell everything in the context in which they were made",
  onLoop(async ({ loop }) => {
    const storage = new AsyncLocalStorage<string>();
    const notes = new Notes(loop);
    const seen = new Map<string, unknown>();
    const names = [
      "connectionMade",
      "pipeDataReceived",
      "pipeConnectionLost",
      "processExited",
      "connectionLost",
    ] as const;
    for (const name of names) {
      const original = notes[name].bind(notes) as (...args: unknown[]) => void;
      Object.assign(notes, {
        [name]: (...args: unknown[]) => {
          seen.set(name, storage.getStore());
          original(...args);
        },
      });
    }
    await storage.run("inner", () => loop.subprocessShell(() => notes, "echo out"));
    await notes.lost;
    assert.equal([...seen.keys()].sort(), [...names].sort());
    assert.equal([...new Set(seen.values())], ["inner"]);
    // One without a pipe, whose connectionLost follows from its end.
    const bare = new Notes(loop);
    const nothing = { stdin: null, stdout: null, stderr: null };
    bare.connectionLost = () => bare.lost.setResult(new Error(storage.getStore()));
    await storage.run("bare", () => loop.subprocessExec(() => bare, "true", nothing));
    assert.is((await bare.lost)?.message, "bare");
  }),
);

test(
  "can be closed by whatever they tell, and hear of their end once",
  onLoop(async ({ loop }) => {
    for (const method of ["connectionMade", "pipeDataReceived", "pipeConnectionLost"] as const) {
      const notes = new Notes(loop);
      const original = notes[method].bind(notes) as (...args: unknown[]) => void;
      Object.assign(notes, {
        [method]: (...args: unknown[]) => {
          original(...args);
          notes.transport.close();
          notes.transport.close();
        },
      });
      // It writes, closes its stderr, and goes on.
      const command = "echo out; exec 2>&-; exec sleep 3600";
      const [transport] = await loop.subprocessShell(() => notes, command);
      assert.is(await notes.lost, null);
      assert.is(transport.getReturncode(), -9);
      assert.equal([...notes.trace].sort(), ["CL", "CM", "PE", "PL0", "PL1", "PL2"]);
      assert.is(notes.trace.at(-1), "CL");
    }
  }),
);

test(
  "that are closed with something to be written lose it, which their stdin tells",
  onLoop(async ({ loop }) => {
    const [transport, notes] = await loop.subprocessExec(() => new Notes(loop), "sleep", "3600");
    transport.getPipeTransport(0)?.write(Buffer.alloc(1 << 20));
    transport.close();
    assert.is(await notes.lost, null);
    assert.ok(notes.trace.includes("PL0 write EPIPE: broken pipe"), notes.trace.join());
    const pid = transport.getPid();
    assert.throws(() => process.kill(pid, 0), "ESRCH");
    // What there is to be done with pipes that are gone does nothing.
    transport.getPipeTransport(0)?.write(Buffer.from("late"));
    transport.getPipeTransport(0)?.abort();
    transport.getPipeTransport(1)?.resumeReading();
    assert.is(transport.getPipeTransport(3), null);
  }),
);

test("are killed, and leave nothing, when their loop is closed while they are launched", async () => {
  for (let turns = 0; turns < 8; turns++) {
    const loop = new EventLoop();
    loop.callSoon(() => {
      const launching = loop.subprocessExec(() => ({}), "sleep", "3600");
      // Of one that is there already the loop knows nothing more when it is closed, as in asyncio.
      launching.addDoneCallback(() => launching.result()[0].close());
      const turn = (left: number): unknown => (left > 0 ? loop.callSoon(turn, left - 1) : loop.stop());
      turn(turns);
    });
    await loop.runForever();
    loop.close();
    while (children().length > 0) await new Promise((resolve) => setImmediate(resolve));
  }
});

test("may end between two runs of their loop, or be waited for in another run", async () => {
  const loop = new EventLoop();
  const nothing = { stdin: null, stdout: null, stderr: null };
  const [transport] = await loop.runUntilComplete(loop.subprocessShell(() => ({}), "exit 7", nothing));
  while (children().length > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.is(await loop.runUntilComplete(transport._wait()), 7);
  const [other] = await loop.runUntilComplete(loop.subprocessShell(() => ({}), "exit 8", nothing));
  assert.is(await loop.runUntilComplete(other._wait()), 8);
  loop.close();
});

test(
  "are known beside those of node:child_process, and beside a handler of SIGCHLD",
  onLoop(async ({ loop }) => {
    let signals = 0;
    loop.addSignalHandler("SIGCHLD", () => signals++);
    const others = Array.from({ length: 5 }, (_, code) => once(spawn("sh", ["-c", `exit ${code}`]), "exit"));
    const ours = await Promise.all([5, 6, 7, 8, 9].map((code) => createSubprocessShell(`exit ${code}`)));
    assert.equal(await Promise.all(ours.map((child) => child.wait())), [5, 6, 7, 8, 9]);
    assert.equal(
      (await Promise.all(others)).map(([code]) => code),
      [0, 1, 2, 3, 4],
    );
    while (signals === 0) await sleep(0.001);
    assert.ok(loop.removeSignalHandler("SIGCHLD"));
    const last = await createSubprocessShell("exit 10");
    assert.is(await last.wait(), 10);
  }),
);

test("whose loop is closed are not waited for", async () => {
  const loop = new EventLoop();
  const launching = (command: string) => loop.subprocessShell(() => ({}), command);
  const [ended] = await loop.runUntilComplete(launching("exit 3"));
  assert.is(await loop.runUntilComplete(ended._wait()), 3);
  const [transport] = await loop.runUntilComplete(launching("exec sleep 3600"));
  loop.close();
  assert.is(thrownBy(() => transport._wait()).code, "ERR_LOOP_CLOSED");
  assert.is(ended._wait().result(), 3);
  transport.close();
  assert.is(transport.getReturncode(), null);
});

test(
  "have an environment without anything, a folder by its URL, and no signal ignored or blocked",
  onLoop(async () => {
    const child = await createSubprocessExec("env", { env: {}, stdout: PIPE });
    assert.equal(await child.communicate(), [Buffer.alloc(0), null]);
    assert.is(await printed("pwd", { cwd: pathToFileURL("/usr/"), env: {} }), "/usr\n");
    assert.is(await printed("pwd", { cwd: "/usr" }), "/usr\n");
    const masks = await printed("grep -E '^Sig(Blk|Ign)' /proc/self/status");
    assert.equal(masks.match(/[0-9a-f]{16}/g), ["0000000000000000", "0000000000000000"]);
  }),
);

test(
  "that cannot be made for reasons of the system fail with its errors",
  onLoop(async () => {
    const [reader, writer] = pipe();
    const gone = reader.fileno() + 100;
    reader.close();
    writer.close();
    const codes: unknown[] = [];
    for (const launch of [
      () => createSubprocessExec("true", { stdin: gone }),
      () => createSubprocessExec("true", { stdout: gone }),
      () => createSubprocessExec("true", { stderr: gone }),
      () => createSubprocessExec("true", { stdin: PIPE, passFds: [gone] }),
      () => createSubprocessExec("true", { stdin: PIPE, cwd: "/etc/passwd" }),
      () => createSubprocessExec("/etc/passwd/program", { stdout: PIPE }),
      () => createSubprocessExec("true", "x".repeat(1 << 20), { stdout: PIPE }),
    ]) {
      // Some are refused at the call, the others by the system.
      codes.push((await rejectionOf((async () => await launch())())).code);
    }
    assert.equal(codes, ["EBADF", "EBADF", "EBADF", "EBADF", "ENOTDIR", "ENOTDIR", "E2BIG"]);
  }),
);

test.run();
