/**
 * Descriptors of ours that children have, held against the checks of uvloop's: tests/test_process.py.
 *
 * Does not own: what subprocess.test.ts says already; whether stdin and stdout of this process go on not blocking (net/pipe-stdio.test.ts).
 */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createSubprocessExec, createSubprocessShell, PIPE, pipe, STDOUT } from "../../../host/index.js";
import { close, duplicate, isNonblocking } from "../../../host/sys/fd.js";
import { withFolder } from "../../support/folders.js";
import { leakChecked } from "../../support/leaks.js";
import { onLoop, Recorder } from "../net/support.js";
import { printed } from "./printed.js";

const test = leakChecked(suite("descriptors of children"));

test(
  "write to a file that was opened here, and read from it",
  onLoop(() =>
    withFolder(async (folder) => {
      const path = join(folder, "file");
      const written = await open(path, "w");
      const command = "cat; echo error >&2";
      const child = await createSubprocessShell(command, { stdin: PIPE, stdout: written, stderr: STDOUT });
      assert.equal([child.stdout, child.stderr], [null, null]);
      await child.communicate(Buffer.from("some data\n"));
      await written.close();
      const read = await open(path);
      assert.is(await printed("cat", { stdin: read.fd }), "some data\nerror\n");
      await read.close();
    }),
  ),
);

test(
  "do not have our transports block that work on what they are given",
  onLoop(async ({ loop }) => {
    const [reader, writer] = pipe();
    const receiving = new Recorder(loop);
    await loop.connectReadPipe(() => receiving, reader);
    const [transport] = await loop.connectWritePipe(() => new Recorder(loop), writer);
    // The same open file under another number, as stdout and stderr may be.
    const other = duplicate(writer.fileno());
    for (const stdout of [writer.fileno(), other]) {
      const child = await createSubprocessShell("echo child", { stdin: reader, stdout });
      await child.wait();
      assert.is(isNonblocking(writer.fileno()), 1);
    }
    close(other);
    assert.equal([isNonblocking(reader.fileno()), isNonblocking(writer.fileno())], [1, 1]);
    const much = Buffer.alloc(1 << 20, "x");
    transport.write(much);
    transport.close();
    assert.is(await receiving.lost, null);
    assert.ok(receiving.received.equals(Buffer.concat([Buffer.from("child\nchild\n"), much])));
  }),
);

test(
  "are joined by a pipe, whose ends block for them",
  onLoop(async () => {
    const [reader, writer] = pipe();
    const second = await createSubprocessExec("tr", "a-z", "A-Z", { stdin: reader, stdout: PIPE });
    reader.close();
    const [go, goes] = pipe();
    const first = await createSubprocessShell("read line; echo $line", { stdin: go, stdout: writer });
    go.close();
    writer.close();
    // Both have nothing to read for a while.
    goes.write(Buffer.from("one by one\n"));
    goes.close();
    const [stdout] = await second.communicate();
    assert.equal([String(stdout), second.returncode, await first.wait()], ["ONE BY ONE\n", 0, 0]);
  }),
);

test(
  "have no descriptors of ours but those that they are passed",
  onLoop(async () => {
    const [passed, kept] = pipe();
    const listed = async (passFds: number[]): Promise<string[]> =>
      (await printed("ls /proc/self/fd", { passFds })).split("\n");
    // What this process was started with its children have too.
    const before = await listed([]);
    const fds = await listed([passed.fileno()]);
    assert.not(before.includes(`${kept.fileno()}`));
    assert.equal(
      fds.filter((fd) => !before.includes(fd)),
      [`${passed.fileno()}`],
    );
    passed.close();
    kept.close();
  }),
);

test(
  "are passed descriptors with high numbers, of a process that has many",
  onLoop(async () => {
    const [reader, writer] = pipe();
    const held = [writer.fileno()];
    while ((held.at(-1) as number) < 400) held.push(duplicate(writer.fileno()));
    const fd = held.pop() as number;
    await printed(`echo passed >/proc/self/fd/${fd}`, { passFds: [fd] });
    assert.is(String(reader.read(99)), "passed\n");
    for (const each of [...held.slice(1), fd]) close(each);
    reader.close();
    writer.close();
  }),
);

test.run();
