/**
 * Children with streams, held against the checks of CPython's own: Lib/test/test_asyncio/test_subprocess.py of 3.11, SubprocessMixin; and with
 * each of them what one step to the side of it happens.
 *
 * Does not own: what process.test.ts says already.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  CancelledError,
  type Coroutine,
  createSubprocessExec,
  createSubprocessShell,
  DEVNULL,
  PIPE,
  type Process,
  pipe,
} from "../../../host/index.js";
import type { EventLoop } from "../../../host/loop/event-loop.js";
import { leakChecked } from "../../support/leaks.js";
import { blockUntilEnded } from "../../support/zombies.js";
import { captureConsoleDuring } from "../loop/capture-console.js";
import { iteration, onLoop, rejectionOf } from "../net/support.js";

const test = leakChecked(suite("processes, as CPython tests them"));

/** More than a pipe holds. */
const MUCH = Buffer.alloc(1 << 20, "x");

/** Turns until something is so. */
async function until(loop: EventLoop, isSo: () => boolean): Promise<void> {
  while (!isSo()) await iteration(loop);
}

/** A child's stdin, which is a pipe. */
function stdinOf(child: Process): NonNullable<Process["stdin"]> {
  assert.ok(child.stdin);
  return child.stdin;
}

/** A child's stdout, which is a pipe. */
function stdoutOf(child: Process): NonNullable<Process["stdout"]> {
  assert.ok(child.stdout);
  return child.stdout;
}

/** A child's stderr, which is a pipe. */
function stderrOf(child: Process): NonNullable<Process["stderr"]> {
  assert.ok(child.stderr);
  return child.stderr;
}

test(
  "stdin that the child closes fails whoever waits for room, each of them",
  onLoop(async () => {
    const [reader, writer] = pipe();
    const command = `read go </proc/self/fd/${reader.fileno()}; exec <&-; exec sleep 3600`;
    const child = await createSubprocessShell(command, { stdin: PIPE, passFds: [reader.fileno()] });
    reader.close();
    const stdin = stdinOf(child);
    stdin.write(MUCH);
    const waiting = [stdin.drain(), stdin.drain()];
    writer.write(Buffer.from("go\n"));
    for (const drain of waiting) assert.is((await rejectionOf(drain)).code, "EPIPE");
    assert.is((await rejectionOf(stdin.drain())).code, "EPIPE");
    assert.is(child.returncode, null);
    child.kill();
    await child.wait();
    writer.close();
  }),
);

for (const kind of ["a generator", "an async function"] as const) {
  test(
    `who writes and drains in a loop sees that the child reads nothing more, in ${kind}`,
    onLoop(async ({ loop }) => {
      const child = await createSubprocessExec("true", { stdin: PIPE });
      const stdin = stdinOf(child);
      blockUntilEnded(child.pid);
      // Were nobody told, this would go on without the loop ever getting its turn.
      const times = 100_000;
      const bodies = {
        *"a generator"(): Coroutine<void> {
          for (let count = 0; count < times; count++) {
            stdin.write(Buffer.from("x"));
            yield* stdin.drain();
          }
        },
        async "an async function"(): Promise<void> {
          for (let count = 0; count < times; count++) {
            stdin.write(Buffer.from("x"));
            await stdin.drain();
          }
        },
      };
      await captureConsoleDuring("warn", async () => {
        assert.is((await rejectionOf(loop.createTask<void>(bodies[kind]))).code, "EPIPE");
      });
      await child.wait();
    }),
  );
}

test(
  "communicate does not mind that the child reads none of the input",
  onLoop(async () => {
    const child = await createSubprocessShell("echo done", { stdin: PIPE, stdout: PIPE });
    const [stdout] = await child.communicate(MUCH);
    assert.is(String(stdout), "done\n");
    const gone = await createSubprocessExec("true", { stdin: PIPE });
    await gone.wait();
    assert.equal(await gone.communicate(MUCH), [null, null]);
  }),
);

test(
  "communicate with nothing as input ends stdin, and so does a second one",
  onLoop(async () => {
    const child = await createSubprocessExec("wc", "-c", { stdin: PIPE, stdout: PIPE });
    const [stdout] = await child.communicate(new Uint8Array(0));
    assert.is(Number(String(stdout)), 0);
    assert.equal(await child.communicate(Buffer.from("late")), [Buffer.alloc(0), null]);
    assert.is(child.returncode, 0);
  }),
);

test(
  "communicate that somebody else keeps from stderr leaves stdout to be read",
  onLoop(async () => {
    const child = await createSubprocessShell("echo out; exec sleep 3600", { stdout: PIPE, stderr: PIPE });
    const reading = stderrOf(child).readline();
    assert.is((await rejectionOf(child.communicate())).code, "ERR_READER_BUSY");
    assert.is(String(await stdoutOf(child).readline()), "out\n");
    assert.ok(reading.cancel());
    child.kill();
    const [stdout, stderr] = await child.communicate();
    assert.equal([String(stdout), String(stderr)], ["", ""]);
  }),
);

test(
  "what the child wrote can be read long after it has ended",
  onLoop(async () => {
    // 64 KiB is what the pipe holds when the child has ended, and the rest waits in the reader.
    const child = await createSubprocessShell("head -c 262144 /dev/zero; exit 1", { stdout: PIPE, limit: 32_768 });
    const stdout = stdoutOf(child);
    let size = (await stdout.readexactly(150_000)).length;
    assert.is(await child.wait(), 1);
    for (;;) {
      const piece = await stdout.read(30_000);
      if (piece.length === 0) break;
      size += piece.length;
    }
    assert.is(size, 262_144);
    assert.ok(stdout.atEof());
  }),
);

test(
  "a child that writes more than twice the limit is held back until it is read",
  onLoop(async ({ loop }) => {
    const child = await createSubprocessShell("head -c 21 /dev/zero", { stdin: PIPE, stdout: PIPE, limit: 10 });
    await until(loop, () => String(child.stdout).includes(" paused"));
    assert.match(String(child.stdout), /<ReadPipeTransport fd=\d+ idle>/);
    const [stdout] = await child.communicate();
    assert.is(stdout?.length, 21);
    assert.is(child.returncode, 0);
  }),
);

test(
  "a child can open its pipes by name",
  onLoop(async () => {
    const command = "cat /dev/stdin >/dev/stdout; echo error >/dev/stderr";
    const child = await createSubprocessShell(command, { stdin: PIPE, stdout: PIPE, stderr: PIPE });
    const [stdout, stderr] = await child.communicate(Buffer.from("in and out"));
    assert.equal([String(stdout), String(stderr), child.returncode], ["in and out", "error\n", 0]);
  }),
);

test(
  "stdin, stdout and stderr are nothing at all where that is wanted",
  onLoop(async () => {
    const command = "wc -c; echo error >&2";
    const options = { stdin: PIPE, stdout: PIPE, stderr: PIPE };
    const results: (string | undefined)[][] = [];
    for (const name of ["stdin", "stdout", "stderr"]) {
      const child = await createSubprocessShell(command, { ...options, [name]: DEVNULL });
      const outputs = await child.communicate(name === "stdin" ? null : Buffer.from("abc"));
      results.push(outputs.map((output) => output?.toString().trim()));
    }
    assert.equal(results, [
      ["0", "error"],
      [undefined, "error"],
      ["3", undefined],
    ]);
  }),
);

test(
  "stdin ends with the child and its output, whoever else has it",
  onLoop(async () => {
    // What a shell runs in the background has its stdin only if that has another number.
    const command = "exec 3<&0; sleep 3600 <&3 >/dev/null 2>&1 & echo $!";
    const child = await createSubprocessShell(command, { stdin: PIPE, stdout: PIPE });
    const other = Number(String(await stdoutOf(child).readline()));
    await stdinOf(child).waitClosed();
    assert.equal([await child.wait(), stdinOf(child).isClosing()], [0, true]);
    process.kill(other);
  }),
);

test(
  "stdin does not end before the output has, and what was written to it still comes",
  onLoop(async () => {
    const [reader, writer] = pipe();
    const command = `exec 3<&0; (read go; echo one; cat) <&3 & read go </proc/self/fd/${reader.fileno()}`;
    const child = await createSubprocessShell(command, { stdin: PIPE, stdout: PIPE, passFds: [reader.fileno()] });
    reader.close();
    stdinOf(child).write(Buffer.from("go\n"));
    assert.is(String(await stdoutOf(child).readline()), "one\n");
    writer.close();
    assert.is(await child.wait(), 1);
    stdinOf(child).write(Buffer.from("two"));
    const [stdout] = await child.communicate(Buffer.from("three"));
    assert.is(String(stdout), "twothree");
  }),
);

test(
  "children do not keep each other's pipes open",
  onLoop(async () => {
    const options = { stdin: PIPE, stdout: PIPE };
    const first = await createSubprocessExec("cat", options);
    const second = await createSubprocessExec("cat", options);
    const third = await createSubprocessExec("sleep", "3600");
    const [stdout] = await first.communicate(Buffer.from("first"));
    assert.is(String(stdout), "first");
    assert.is(second.returncode, null);
    await second.communicate();
    third.kill();
    await third.wait();
  }),
);

test(
  "cancelling one who waits for the child leaves the others",
  onLoop(async ({ loop }) => {
    const child = await createSubprocessExec("sleep", "3600");
    const task = loop.createTask(function* () {
      return yield* child.wait();
    });
    const others = [child.wait(), child.wait()];
    loop.callSoon(() => task.cancel());
    assert.instance(await rejectionOf(task), CancelledError);
    assert.not(task.cancel());
    others[0]?.cancel();
    child.kill();
    assert.is(await others[1], -9);
    assert.is(await child.wait(), -9);
  }),
);

for (const size of [8192, 8193, 65_536, 65_537, 219_263, 219_264]) {
  test(
    `stdin takes ${size} bytes and stays open, and drain is done when they are on their way`,
    onLoop(async () => {
      const child = await createSubprocessExec("head", "-c", `${size}`, { stdin: PIPE, stdout: PIPE });
      const sent = Buffer.alloc(size, "0123456789\n");
      const stdin = stdinOf(child);
      stdin.write(sent);
      const reading = stdoutOf(child).read();
      await stdin.drain();
      assert.ok((await reading).equals(sent));
      assert.is(await child.wait(), 0);
      await stdin.waitClosed();
    }),
  );
}

test.run();
