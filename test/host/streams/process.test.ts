/** Children with streams: communicating, waiting, lines, and being killed. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createSubprocessExec, createSubprocessShell, PIPE, STDOUT } from "../../../host/index.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";
import { onLoop, rejectionOf } from "../net/support.js";

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
    assert.is((await rejectionOf(createSubprocessExec("no-such-program"))).code, "ENOENT");
    const child = await createSubprocessExec("true");
    assert.is(thrownBy(() => child.communicate(Buffer.from("x"))).code, "ERR_INVALID_ARG_TYPE");
    assert.is(thrownBy(() => child.communicate("x" as never)).code, "ERR_INVALID_ARG_TYPE");
    await child.wait();
  }),
);

test.run();
