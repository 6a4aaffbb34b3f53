/** Children with streams: communicating, waiting, lines, and being killed. */
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sleepOn } from "../../../host/futures/sleep.js";
import {
  CancelledError,
  createSubprocessExec,
  createSubprocessShell,
  DEVNULL,
  PIPE,
  type Process,
  type ProcessOptions,
  STDOUT,
  type StreamReader,
} from "../../../host/index.js";
import { EIO } from "../../../host/sys/errno.js";
import { whileFailing } from "../../support/failing-calls.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";
import { iteration, onLoop, rejectionOf } from "../net/support.js";

const test = leakChecked(suite("processes"));

test(
  "communicate writes, reads and waits",
  onLoop(async () => {
    const child = await createSubprocessShell("cat; echo err >&2; exit 4", { stdin: PIPE, stdout: PIPE, stderr: PIPE });
    assert.is(child.returncode, null);
    const [stdout, stderr] = await child.communicate(Buffer.from("hello"));
    assert.equal([String(stdout), String(stderr), child.returncode], ["hello", "err\n", 4]);
    assert.match(String(child), /^<Process pid=\d+ returncode=4>$/);
  }),
);

test(
  "communicate fails with what kept the input from the child, and leaves the output to be read",
  onLoop(async () => {
    const child = await createSubprocessExec("cat", { stdin: PIPE, stdout: PIPE });
    const sent = Buffer.alloc(200_000, "x");
    const failed = await whileFailing(
      "write",
      EIO,
      async () => assert.is((await rejectionOf(child.communicate(sent))).code, "EIO"),
      (count) => count === 2,
    );
    assert.is(failed, 1);
    assert.is((await rejectionOf(child.stdin.drain())).code, "EIO");
    const output = await child.stdout.read();
    assert.ok(output.length > 0 && output.length < sent.length, `${output.length}`);
    assert.is(child.returncode, 0);
  }),
);

test(
  "communicate does not mind a child that reads nothing",
  onLoop(async () => {
    const child = await createSubprocessShell("exec <&-; echo done", { stdin: PIPE, stdout: PIPE });
    const [stdout] = await child.communicate(Buffer.alloc(200_000));
    assert.is(String(stdout), "done\n");
  }),
);

test(
  "communicate does not deadlock on more than a pipe holds, both ways",
  onLoop(async () => {
    const child = await createSubprocessExec("cat", { stdin: PIPE, stdout: PIPE });
    const sent = Buffer.alloc(16 << 20, "both ways ");
    const [stdout, stderr] = await child.communicate(sent);
    assert.ok(stdout?.equals(sent));
    assert.is(stderr, null);
    assert.is(child.returncode, 0);
  }),
);

test(
  "communicate that is cancelled can be called again, and has lost nothing",
  onLoop(async ({ loop }) => {
    const command = "echo out; echo err >&2; exec sleep 3600";
    const child = await createSubprocessShell(command, { stdin: PIPE, stdout: PIPE, stderr: PIPE });
    const communicating = child.communicate();
    for (const reader of [child.stdout, child.stderr]) {
      while (!String(reader).includes("4 bytes")) await iteration(loop);
    }
    assert.ok(communicating.cancel());
    child.kill();
    const [stdout, stderr] = await child.communicate();
    assert.equal([String(stdout), String(stderr), child.returncode], ["out\n", "err\n", -9]);
  }),
);

test(
  "communicate that is cancelled after it has read something to the end has lost nothing either",
  onLoop(async ({ loop }) => {
    for (const rest of ["exec >&-; echo err >&2", "exec >&-; echo err >&2; exec 2>&-"]) {
      const child = await createSubprocessShell(`echo out; ${rest}; exec sleep 3600`, { stdout: PIPE, stderr: PIPE });
      const communicating = child.communicate();
      const isOver = (reader: StreamReader | null): boolean => String(reader).includes("eof");
      while (!isOver(child.stdout) || !(isOver(child.stderr) || String(child.stderr).includes("4 bytes"))) {
        await iteration(loop);
      }
      for (let count = 0; count < 5; count++) await iteration(loop);
      assert.ok(communicating.cancel());
      child.kill();
      const [stdout, stderr] = await child.communicate();
      assert.equal([String(stdout), String(stderr), child.returncode], ["out\n", "err\n", -9]);
    }
  }),
);

test(
  "communicate whose task is cancelled in the turn in which it is done has lost nothing",
  onLoop(async ({ loop }) => {
    const child = await createSubprocessShell("echo out; echo err >&2", { stdout: PIPE, stderr: PIPE });
    const communicating = child.communicate();
    const task = loop.createTask(function* () {
      return yield* communicating;
    });
    const cancel = (): void => {
      if (communicating.done()) task.cancel();
      else loop.callSoon(cancel);
    };
    cancel();
    assert.instance(await task.then(null, (error) => error), CancelledError);
    const [stdout, stderr] = await child.communicate();
    assert.equal([String(stdout), String(stderr)], ["out\n", "err\n"]);
  }),
);

test(
  "that are cancelled at any turn are killed, and leave nothing",
  onLoop(async ({ loop }) => {
    for (let turns = 0; turns < 10; turns++) {
      const launching = createSubprocessExec("sleep", "3600", { stdin: PIPE, stdout: PIPE });
      for (let turn = 0; turn < turns && !launching.done(); turn++) await iteration(loop);
      if (launching.cancel()) continue;
      const child = await launching;
      child.kill();
      await child.communicate();
    }
    const children = (): string => readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim();
    while (children() !== "") await sleepOn(loop, loop._scheduler, 0.001, undefined);
  }),
);

test(
  "whose task is cancelled in the turn in which they are there are killed",
  onLoop(async ({ loop }) => {
    const launching = createSubprocessExec("sleep", "3600", { stdin: PIPE, stdout: PIPE });
    const task = loop.createTask(function* () {
      return yield* launching;
    });
    const cancel = (): void => {
      if (launching.done()) task.cancel();
      else loop.callSoon(cancel);
    };
    cancel();
    assert.instance(await task.then(null, (error) => error), CancelledError);
    assert.not.ok(launching.cancelled());
    const children = (): string => readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim();
    while (children() !== "") await sleepOn(loop, loop._scheduler, 0.001, undefined);
  }),
);

test(
  "stdout can be read by lines, while stdin is written",
  onLoop(async () => {
    const child = await createSubprocessExec("cat", { stdin: PIPE, stdout: PIPE, stderr: STDOUT });
    const lines: string[] = [];
    for (const line of ["one\n", "two\n"]) child.stdin?.write(Buffer.from(line));
    await child.stdin?.drain();
    child.stdin?.close();
    for await (const line of child.stdout ?? []) lines.push(String(line));
    assert.equal(lines, ["one\n", "two\n"]);
    assert.is(await child.wait(), 0);
    assert.is(child.stderr, null);
  }),
);

test(
  "are killed by their methods, and by an AbortSignal",
  onLoop(async () => {
    const controller = new AbortController();
    const children = await Promise.all([1, 2, 3, 4].map(() => createSubprocessExec("sleep", "3600")));
    const aborted = await createSubprocessExec("sleep", "3600", { signal: controller.signal });
    children[0]?.kill();
    children[1]?.terminate();
    children[2]?.sendSignal("SIGINT");
    children[3]?.sendSignal(10);
    controller.abort();
    const codes = await Promise.all([...children, aborted].map((child) => child.wait()));
    assert.equal(codes, [-9, -15, -2, -10, -9]);
    assert.is(thrownBy(() => children[0]?.kill()).code, "ESRCH");
  }),
);

test(
  "have our stdin, stdout and stderr unless they are told otherwise",
  onLoop(async () => {
    const child = await createSubprocessExec("true", { stdin: undefined, stdout: undefined, stderr: undefined });
    assert.equal([child.stdin, child.stdout, child.stderr], [null, null, null]);
    assert.equal(await child.communicate(), [null, null]);
  }),
);

test(
  "limit is how long a line may be",
  onLoop(async () => {
    const child = await createSubprocessShell("echo 0123456789; echo ok", { stdout: PIPE, limit: 5 });
    assert.instance(await rejectionOf((child.stdout as NonNullable<typeof child.stdout>).readline()), RangeError);
    await child.communicate();
  }),
);

test(
  "refuse what makes no sense",
  onLoop(async () => {
    assert.is(thrownBy(() => createSubprocessExec("true", { signal: {} as never })).code, "ERR_NOT_A_SIGNAL");
    assert.is(thrownBy(() => createSubprocessExec(5 as never)).code, "ERR_INVALID_ARG_TYPE");
    assert.is(thrownBy(() => createSubprocessExec("true", { limit: 0 })).code, "ERR_OUT_OF_RANGE");
    assert.is((await rejectionOf(createSubprocessExec("no-such-program"))).code, "ENOENT");
    const child = await createSubprocessExec("true");
    assert.is(thrownBy(() => child.communicate(Buffer.from("x"))).code, "ERR_INVALID_ARG_TYPE");
    assert.is(thrownBy(() => child.communicate("x" as never)).code, "ERR_INVALID_ARG_TYPE");
    await child.wait();
  }),
);

test(
  "stdin has the methods of a StreamWriter",
  onLoop(async () => {
    const child = await createSubprocessExec("cat", { stdin: PIPE, stdout: PIPE });
    const { stdin } = child;
    assert.ok(stdin);
    assert.ok(stdin.canWriteEof() && !stdin.isClosing());
    assert.is(stdin.getExtraInfo("pipe"), stdin.transport.getExtraInfo("pipe"));
    stdin.writeLines([Buffer.from("one "), Buffer.from("two")]);
    stdin.writeEof();
    assert.ok(stdin.isClosing());
    const earlier = stdin.waitClosed();
    await stdin.waitClosed();
    assert.ok(earlier.done());
    await stdin.waitClosed();
    assert.is(String(await child.stdout?.read()), "one two");
    assert.is(await child.wait(), 0);
  }),
);

test(
  "stdin whose reader has gone tells of what is lost",
  onLoop(async () => {
    const child = await createSubprocessExec("sleep", "3600", { stdin: PIPE });
    const { stdin } = child;
    assert.ok(stdin);
    stdin.write(Buffer.alloc(1 << 20));
    const closed = stdin.waitClosed();
    child.kill();
    assert.is((await rejectionOf(closed)).code, "EPIPE");
    assert.is((await rejectionOf(stdin.waitClosed())).code, "EPIPE");
    await child.wait();
  }),
);

test(
  "are sent real-time signals by number, and 0 only asks for them",
  onLoop(async () => {
    const command = "trap 'echo got it; exit 7' 35; echo ready; while :; do sleep 0.01; done";
    const child = await createSubprocessShell(command, { stdout: PIPE });
    assert.is(String(await child.stdout?.readline()), "ready\n");
    child.sendSignal(0);
    child.sendSignal(35);
    assert.is(String(await child.stdout?.readline()), "got it\n");
    assert.is(await child.wait(), 7);
    for (const signal of [0, 35]) assert.is(thrownBy(() => child.sendSignal(signal)).code, "ESRCH");
    for (const signal of [-1, 33, 65, 1.5]) assert.is(thrownBy(() => child.sendSignal(signal)).code, "ERR_BAD_SIGNAL");
  }),
);

test(
  "that run as somebody else and may not be sent a signal say so",
  onLoop(async () => {
    // Only root can start one.
    if (process.getuid?.() !== 0) return;
    const child = await createSubprocessExec("sleep", "3600", { uid: 65533 });
    process.seteuid?.(65534);
    try {
      for (const signal of ["SIGTERM", 35, 0] as const) {
        assert.is(thrownBy(() => child.sendSignal(signal)).code, "EPERM");
      }
      assert.is(thrownBy(() => child.kill()).code, "EPERM");
    } finally {
      process.seteuid?.(0);
    }
    assert.is(child.returncode, null);
    child.kill();
    assert.is(await child.wait(), -9);
  }),
);

test(
  "the types of its streams follow the options",
  onLoop(async () => {
    const cat = await createSubprocessExec("cat", { stdin: PIPE, stdout: PIPE, stderr: DEVNULL });
    const nothing: null = cat.stderr;
    assert.is(nothing, null);
    cat.stdin.write(Buffer.from("one\n"));
    assert.is(String(await cat.stdout.readline()), "one\n");
    const [rest] = await cat.communicate(Buffer.from("two"));
    assert.is(rest.toString(), "two");
    const shell = await createSubprocessShell("echo three", { stdout: PIPE });
    assert.is((await shell.stdout.read()).toString(), "three\n");
    const options: ProcessOptions = { stdout: PIPE };
    const children: Process[] = [cat, shell, await createSubprocessExec("true", ...["x"], options)];
    const [, , last] = children;
    assert.is((await last?.stdout?.read())?.length, 0);
    const own: null = (await createSubprocessShell("true")).stdout;
    assert.is(own, null);
    for (const child of children) await child.wait();
  }),
);

test(
  "that cannot be made tell why",
  onLoop(async () => {
    const thrown = (...args: unknown[]): string =>
      thrownBy(() => (createSubprocessExec as (...all: unknown[]) => unknown)(...args)).message;
    assert.match(thrown("ls", ["-l"]), /one by one: spread the array/);
    assert.match(
      thrown("ls", ["-l"], { stdout: PIPE }),
      /must be a string, not an instance of Array: spread the array/,
    );
    assert.match(thrown("ls", { shell: true }), /^createSubprocessExec\(\) has no option "shell": .*limit, signal/);
    assert.match(
      thrownBy(() => createSubprocessShell("true", "x" as never)).message,
      /^The options of createSubprocessShell\(\) must be an object/,
    );
    assert.match(thrown("ls", { env: "A=1" }), /env must be an object/);
    assert.match(thrown("ls", { passFds: 3 }), /passFds must be an array/);
    assert.is(thrown("ls", { cwd: "/no/such" }), 'chdir ENOENT: the option cwd is "/no/such", which does not exist');
    assert.match(thrown("ls", 5), "Argument 1 of the program must be a string, not the number 5");
    assert.match(thrownBy(() => createSubprocessShell(5 as never)).message, "The command must be a string");
    assert.is((await rejectionOf(createSubprocessExec("no-such-program"))).code, "ENOENT");
  }),
);

test.run();
