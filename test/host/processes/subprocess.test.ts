/** Children: what the protocol is told, what each option does, and that nothing is left of them. */
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sleepOn } from "../../../host/futures/sleep.js";
import { DEVNULL, PIPE, pipe, STDOUT } from "../../../host/index.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import type { SubprocessOptions } from "../../../host/processes/spawn.js";
import type { SubprocessTransport } from "../../../host/processes/subprocess-transport.js";
import { VirtualEventLoop } from "../../../host/testing.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";
import { iteration, onLoop, rejectionOf } from "../net/support.js";
import { Notes } from "./notes.js";

const test = leakChecked(suite("children"));

/** Runs a command of the shell to its end. */
async function shell(loop: EventLoop, command: string, options: SubprocessOptions = {}): Promise<Notes> {
  const [transport, notes] = await loop.subprocessShell(() => new Notes(loop), command, { stdin: DEVNULL, ...options });
  await notes.lost;
  transport.close();
  return notes;
}

test(
  "take input, give output, and end with a code",
  onLoop(async ({ loop }) => {
    const script = "cat; echo to stderr >&2; exit 3";
    const [transport, notes] = await loop.subprocessExec(() => new Notes(loop), "sh", "-c", script);
    assert.equal(notes.trace, ["CM"]);
    assert.is(transport.getReturncode(), null);
    assert.type(transport.getPid(), "number");
    const stdin = transport.getPipeTransport(0);
    stdin?.write(Buffer.from("to stdin"));
    stdin?.writeEof();
    assert.is(await notes.lost, null);
    assert.is(notes.text(1), "to stdin");
    assert.is(notes.text(2), "to stderr\n");
    assert.is(transport.getReturncode(), 3);
    assert.is(notes.trace[0], "CM");
    assert.is(notes.trace.at(-1), "CL");
    assert.equal([...notes.trace].sort(), ["CL", "CM", "PE", "PL0", "PL1", "PL2"]);
    assert.is(thrownBy(() => transport.kill()).code, "ESRCH");
    assert.match(String(transport), /^<SubprocessTransport pid=\d+ returncode=3>$/);
    assert.ok(transport.isClosing());
    transport.close();
  }),
);

test(
  "tell another protocol from setProtocol on",
  onLoop(async ({ loop }) => {
    const [transport, first] = await loop.subprocessExec(() => new Notes(loop), "cat");
    const second = new Notes(loop);
    transport.setProtocol(second);
    assert.is(transport.getProtocol(), second);
    const stdin = transport.getPipeTransport(0);
    stdin?.setWriteBufferLimits({ high: 0 });
    stdin?.write(Buffer.alloc(1_000_000, "x"));
    stdin?.writeEof();
    assert.is(await second.lost, null);
    assert.is(second.text(1).length, 1_000_000);
    assert.equal(first.trace, ["CM"]);
    assert.equal([second.trace.includes("PW"), second.trace.at(-1)], [true, "CL"]);
    assert.is(thrownBy(() => transport.setProtocol(null as never)).code, "ERR_NOT_A_PROTOCOL");
  }),
);

test(
  "that a signal ends report its negative number",
  onLoop(async ({ loop }) => {
    for (const [end, code] of [
      [(transport: SubprocessTransport) => transport.terminate(), -15],
      [(transport: SubprocessTransport) => transport.kill(), -9],
      [(transport: SubprocessTransport) => transport.sendSignal("SIGUSR1"), -10],
      [(transport: SubprocessTransport) => transport.sendSignal(2), -2],
      [(transport: SubprocessTransport) => transport.close(), -9],
    ] as const) {
      const [transport, notes] = await loop.subprocessExec(() => new Notes(loop), "sleep", "3600");
      end(transport);
      await notes.lost;
      assert.is(transport.getReturncode(), code);
    }
  }),
);

test(
  "that exit are known to have, though somebody else still holds their pipes",
  onLoop(async ({ loop }) => {
    const [transport, notes] = await loop.subprocessShell(() => new Notes(loop), "sleep 3600 & echo $!");
    assert.is(await transport._wait(), 0);
    while (notes.text(1) === "") await sleepOn(loop, loop._scheduler, 0.001, undefined);
    assert.not(notes.trace.includes("CL"), "a pipe is open still");
    process.kill(Number(notes.text(1)));
    await notes.lost;
  }),
);

test(
  "two hundred, twenty at a time: every code is right, none is left",
  onLoop(async ({ loop }) => {
    const codes: (number | null)[] = [];
    const worker = async (first: number): Promise<void> => {
      for (let number = first; number < 200; number += 20) {
        codes[number] = (await shell(loop, `exit ${number}`)).transport.getReturncode();
      }
    };
    await Promise.all(Array.from({ length: 20 }, (_, first) => worker(first)));
    assert.equal(
      codes,
      codes.map((_, number) => number),
    );
    const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim();
    assert.is(children, "");
  }),
);

test(
  "write and read megabytes at the same time",
  onLoop(async ({ loop }) => {
    const sent = Buffer.alloc(8 << 20, "both ways ");
    const [transport, notes] = await loop.subprocessExec(() => new Notes(loop), "cat");
    transport.getPipeTransport(0)?.write(sent);
    transport.getPipeTransport(0)?.writeEof();
    await notes.lost;
    assert.is(notes.text(1).length, sent.length);
    assert.ok(notes.text(1) === sent.toString());
  }),
);

test(
  "have the stdin, stdout and stderr that they are given",
  onLoop(async ({ loop }) => {
    const inherited = "test /proc/self/fd/0 -ef /proc/$PPID/fd/0 && echo same";
    assert.is((await shell(loop, inherited, { stdin: null })).text(1), "same\n");
    assert.is((await shell(loop, "cat", { stdin: DEVNULL })).text(1), "");
    const merged = await shell(loop, "echo out; echo err >&2", { stderr: STDOUT });
    assert.equal([merged.text(1), merged.text(2)], ["out\nerr\n", ""]);
    assert.is(merged.transport.getPipeTransport(2), null);
    const silent = await shell(loop, "echo out", { stdout: DEVNULL, stderr: PIPE });
    assert.is(silent.text(1), "");
    assert.is(silent.transport.getPipeTransport(1), null);
    const [readEnd, writeEnd] = pipe();
    const given = await shell(loop, "echo to a descriptor", { stdout: writeEnd });
    assert.is(given.transport.getPipeTransport(1), null);
    assert.is(readEnd.read(100).toString(), "to a descriptor\n");
    assert.not(writeEnd.closed, "the descriptor is still ours");
    readEnd.close();
    writeEnd.close();
  }),
);

test(
  "run where, with what, and as whom they are told",
  onLoop(async ({ loop }) => {
    assert.is((await shell(loop, "pwd", { cwd: tmpdir() })).text(1), `${tmpdir()}\n`);
    assert.is((await shell(loop, "echo $ONE$HOME", { env: { ONE: "1" } })).text(1), "1\n");
    assert.is((await shell(loop, "echo $ONE$TWO", { env: { ONE: "1", TWO: undefined } })).text(1), "1\n");
    // The sixth word of stat is the session, and only its leader's is its own number.
    const [session, pid] = (await shell(loop, "cut -d' ' -f6 /proc/$$/stat; echo $$", { startNewSession: true }))
      .text(1)
      .split("\n");
    assert.is(session, pid);
    const [readEnd, writeEnd] = pipe();
    const fd = writeEnd.fileno();
    await shell(loop, `echo passed >/proc/self/fd/${fd}`, { passFds: [fd] });
    assert.is(readEnd.read(100).toString(), "passed\n");
    readEnd.close();
    writeEnd.close();
    assert.is((await shell(loop, "echo to a pipe", { passFds: [0, 1, 2] })).text(1), "to a pipe\n");
    if (process.getuid?.() !== 0) return;
    assert.is((await shell(loop, "id -u; id -g", { uid: 65534, gid: 65533 })).text(1), "65534\n65533\n");
  }),
);

test(
  "run what they are told to in place of a program, which is their name, and of /bin/sh",
  onLoop(async ({ loop }) => {
    const options = { executable: "sh", stdin: DEVNULL };
    const [, notes] = await loop.subprocessExec(() => new Notes(loop), "no-such-program", "-c", "echo $0", options);
    await notes.lost;
    assert.is(notes.text(1), "no-such-program\n");
    assert.is((await shell(loop, "echo $0")).text(1), "/bin/sh\n");
    assert.is((await shell(loop, "echo $0", { executable: "sh" })).text(1), "sh\n");
  }),
);

test(
  "that cannot be run leave nothing open",
  onLoop(async ({ loop }) => {
    const before = readdirSync("/proc/self/fd").length;
    const factory = (): object => ({});
    assert.is((await rejectionOf(loop.subprocessExec(factory, "no-such-program"))).code, "ENOENT");
    assert.is((await rejectionOf(loop.subprocessExec(factory, "/dev/null"))).code, "EACCES");
    assert.is(thrownBy(() => loop.subprocessExec(factory, "true", { cwd: "/no/such/folder" })).code, "ENOENT");
    const failing = (): never => {
      throw new Error("no protocol");
    };
    assert.is((await rejectionOf(loop.subprocessExec(failing, "true"))).message, "no protocol");
    const late = async (): Promise<object> => ({});
    const error = await rejectionOf(loop.subprocessExec(late as never, "true"));
    assert.is(error.code, "ERR_NOT_A_PROTOCOL");
    assert.match(error.message, "must be the object itself, not an instance of Promise");
    assert.is(readdirSync("/proc/self/fd").length, before);
  }),
);

test(
  "that are cancelled at any turn are killed, and leave nothing",
  onLoop(async ({ loop }) => {
    for (let turns = 0; turns < 8; turns++) {
      const launching = loop.subprocessExec(() => new Notes(loop), "sleep", "3600");
      for (let turn = 0; turn < turns && !launching.done(); turn++) await iteration(loop);
      if (launching.cancel()) continue;
      const [transport, notes] = await launching;
      transport.close();
      await notes.lost;
    }
    const children = (): string => readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim();
    while (children() !== "") await sleepOn(loop, loop._scheduler, 0.001, undefined);
  }),
);

test(
  "refuse what makes no sense",
  onLoop(async ({ loop }) => {
    const exec = (...args: unknown[]): string | undefined =>
      thrownBy(() => (loop.subprocessExec as (...all: unknown[]) => unknown).apply(loop, args)).code;
    const factory = (): object => ({});
    assert.is(exec(5, "true"), "ERR_NOT_CALLABLE");
    assert.is(exec(factory, 5), "ERR_INVALID_ARG_TYPE");
    assert.is(exec(factory, "true", 5), "ERR_INVALID_ARG_TYPE");
    for (const program of ["", "a\0b"]) {
      assert.is(exec(factory, program), "ERR_INVALID_ARG_VALUE");
      assert.is(exec(factory, "true", { executable: program }), "ERR_INVALID_ARG_VALUE");
    }
    assert.is(exec(factory, "true", "a\0b"), "ERR_INVALID_ARG_VALUE");
    const file = fileURLToPath(import.meta.url);
    for (const [cwd, code] of [
      ["/no/such/folder", "ENOENT"],
      [new URL("file:///no/such/folder"), "ENOENT"],
      ["", "ENOENT"],
      [file, "ENOTDIR"],
      ["a\0b", "ERR_INVALID_ARG_VALUE"],
      [new URL("http://localhost/"), "ERR_INVALID_ARG_VALUE"],
      [5, "ERR_INVALID_ARG_TYPE"],
      [{}, "ERR_INVALID_ARG_TYPE"],
      [Buffer.from("/usr"), "ERR_INVALID_ARG_TYPE"],
    ]) {
      assert.is(exec(factory, "true", { cwd }), code);
    }
    for (const id of [-1, 1.5, 2 ** 31, 2 ** 32]) {
      assert.is(exec(factory, "true", { uid: id }), "ERR_OUT_OF_RANGE");
      assert.is(exec(factory, "true", { gid: id }), "ERR_OUT_OF_RANGE");
    }
    assert.is(exec(factory, "true", { stdin: 9999 }), "EBADF");
    assert.is(exec(factory, "true", { passFds: [9999] }), "EBADF");
    assert.match(
      thrownBy(() => loop.subprocessExec(factory, "true", "a\0b")).message,
      'can have no NUL character, which "a\\u0000b" has',
    );
    const inherited = Object.create({ ONE: 1 });
    const urls = new URLSearchParams();
    for (const env of [5, ["ONE=1"], new Map(), urls, { ONE: null }, { ONE: {} }, { ONE: 1 }, inherited]) {
      assert.is(exec(factory, "true", { env }), "ERR_INVALID_ARG_TYPE");
    }
    for (const env of [{ ONE: "a\0b" }, { "O\0E": "1" }, { "ONE=1": "2" }]) {
      assert.is(exec(factory, "true", { env }), "ERR_INVALID_ARG_VALUE");
    }
    for (const name of ["universalNewlines", "shell", "bufsize", "text", "encoding"]) {
      assert.is(exec(factory, "true", { [name]: true }), "ERR_UNKNOWN_OPTION");
    }
    assert.is(exec(factory, "true", { stdin: STDOUT }), "ERR_CONFLICTING_OPTIONS");
    assert.is(exec(factory, "true", { stdout: "file" }), "ERR_INVALID_ARG_TYPE");
    assert.is(exec(factory, "true", { stdout: {} }), "ERR_INVALID_FILE");
    assert.is(exec(factory, "true", { passFds: [-1] }), "ERR_OUT_OF_RANGE");
    assert.is(exec(factory, "true", { startNewSession: 1 }), "ERR_INVALID_ARG_TYPE");
    assert.is(exec(factory, "true", { executable: null }), "ERR_INVALID_ARG_TYPE");
    const virtual = new VirtualEventLoop();
    assert.is(thrownBy(() => virtual.subprocessShell(factory, "true")).code, "ERR_NO_OUTSIDE");
    virtual.close();
  }),
);

test("are refused by a blocking run, which hears of none, before anything starts", async () => {
  const loop = new EventLoop();
  const notes = new Notes(loop);
  let made = 0;
  const factory = (): Notes => {
    made++;
    return notes;
  };
  const [transport] = await loop.runUntilComplete(loop.subprocessExec(() => notes, "cat"));
  const codes: unknown[] = [];
  loop.callSoon(() => {
    codes.push(thrownBy(() => void loop.subprocessExec(factory, "cat")).code);
    codes.push(thrownBy(() => void loop.subprocessShell(factory, "cat")).code);
    codes.push(thrownBy(() => void transport._wait()).code);
    loop.stop();
  });
  loop.runForeverSync();
  assert.equal(codes, ["ERR_BLOCKING_RUN", "ERR_BLOCKING_RUN", "ERR_BLOCKING_RUN"]);
  assert.is(made, 0);
  transport.close();
  await loop.runUntilComplete(notes.lost);
  assert.is(loop.runUntilCompleteSync(transport._wait()), -9);
  loop.close();
});

test.run();
