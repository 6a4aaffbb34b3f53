/** Pipe transports on the stdin, stdout and stderr of a process. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { EventLoop } from "../../../host/loop/event-loop.js";
import { pipe } from "../../../host/net/pipe.js";
import { socketpair } from "../../../host/net/socket.js";
import { duplicate, isNonblocking, setNonblocking } from "../../../host/sys/fd.js";
import { located } from "../../support/child-programs.js";
import { leakChecked } from "../../support/leaks.js";
import { Peer } from "../../support/peers.js";
import { closeAll } from "../../support/sockets.js";
import { openTerminal } from "../../support/terminals.js";

const test = leakChecked(suite("pipes of a process"));

const BIG = Buffer.alloc(500_000, "from stdin to stdout ");

const PREAMBLE = `
import { newEventLoop, pipe } from "host/index.js";
import { isNonblocking, isOpen } from "host/sys/fd.js";
const loop = newEventLoop();
const lost = loop.createFuture();
class Reading {
  dataReceived(data) { this.output?.write(data); }
  eofReceived() { this.output?.close(); }
  connectionLost(error) { if (!this.stays) lost.setResult(error); }
}
const modes = (...fds) => fds.map((fd) => isOpen(fd) ? ["blocks", "does not"][isNonblocking(fd)] : "closed").join();
`;

function words(program: string): string[] {
  return ["--input-type=module", "--eval", located(PREAMBLE + program)];
}

/** Copies its stdin to its stdout. */
const COPY = (input: string, output: string): string => `
const writing = loop.createFuture();
const [write] = await loop.runUntilComplete(
  loop.connectWritePipe(() => ({ connectionLost: (error) => writing.setResult(error) }), ${output}));
const reading = new Reading();
reading.output = write;
await loop.runUntilComplete(loop.connectReadPipe(() => reading, ${input}));
await loop.runUntilComplete(lost);
await loop.runUntilComplete(writing);
loop.close();
console.error(String(lost.result()), String(writing.result()), isOpen(0), isOpen(1));
`;

for (const [input, output] of [
  ["0", "1"],
  ["process.stdin", "process.stdout"],
]) {
  test(`${input} and ${output} as pipes copy one to the other, and stay open`, async () => {
    const child = new Peer(process.execPath, words(COPY(input as string, output as string)));
    child.end(BIG);
    assert.ok((await child.output).equals(BIG));
    await child.says(/^null null true true\n$/);
  });
}

/**
 * Runs a program whose stdin and stdout are pipes that we also have, and block: answers what it wrote to stderr, how it
 * ended, and whether the pipes block afterwards.
 */
async function withOurPipes(program: string): Promise<{ said: string; ending: unknown; blocks: boolean[] }> {
  const [stdin, input] = pipe();
  const [output, stdout] = pipe();
  for (const end of [stdin, stdout]) setNonblocking(end.fileno(), false);
  const child = spawn(process.execPath, words(program), { stdio: [stdin.fileno(), stdout.fileno(), "pipe"] });
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    if (text.includes("kill me")) child.kill("SIGTERM");
  });
  const [code, signal] = await once(child, "close");
  const blocks = [stdin, stdout].map((end) => isNonblocking(end.fileno()) === 0);
  closeAll(stdin, input, output, stdout);
  return { said: said.trim(), ending: code ?? signal, blocks };
}

const BOTH = `
const [read] = await loop.runUntilComplete(loop.connectReadPipe(() => new Reading(), 0));
const [write] = await loop.runUntilComplete(loop.connectWritePipe(() => ({}), 1));
console.error(modes(0, 1));
`;

const ENDINGS: [name: string, program: string, said: string, ending: unknown][] = [
  [
    "close",
    "read.close(); write.close(); await loop.runUntilComplete(lost); loop.callSoon(() => loop.stop()); await loop.runForever(); console.error(modes(0, 1)); loop.close();",
    "does not,does not\nblocks,blocks",
    0,
  ],
  ["process.exit", "process.exit(3)", "does not,does not", 3],
  ["the natural end", "loop.close()", "does not,does not", 0],
  ["an error that nobody catches", 'throw new Error("nobody")', "does not,does not", 1],
  [
    "SIGTERM",
    'loop.callSoon(() => console.error("kill me")); await loop.runForever()',
    "does not,does not\nkill me",
    "SIGTERM",
  ],
];

for (const [name, program, said, ending] of ENDINGS) {
  test(`stdin and stdout block again after ${name}`, async () => {
    const result = await withOurPipes(BOTH + program);
    assert.is(result.said.slice(0, said.length), said);
    assert.equal([result.ending, result.blocks], [ending, [true, true]]);
  });
}

test("stdin and stdout do not block, though children and workers have them as well", async () => {
  const program = `${BOTH}
    const { ProcessPoolExecutor } = await import("host/index.js");
    const inherited = { stdin: null, stdout: null, stderr: null };
    const [child] = await loop.runUntilComplete(loop.subprocessExec(() => ({}), "true", inherited));
    console.error(modes(0, 1));
    const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    await loop.runUntilComplete(loop.runInExecutor(pool, () => "works"));
    console.error(modes(0, 1));
    await pool.shutdown();
    process.exit();`;
  const { said, ending, blocks } = await withOurPipes(program);
  assert.equal([said, ending, blocks], ["does not,does not\n".repeat(3).trim(), 0, [true, true]]);
});

test("descriptors above 2 block again after process.exit too", async () => {
  const [stdin, input] = pipe();
  setNonblocking(stdin.fileno(), false);
  const program = `
    await loop.runUntilComplete(loop.connectReadPipe(() => new Reading(), 3));
    console.log(modes(3));
    process.exit();`;
  const stdio = ["ignore", "pipe", "inherit", stdin.fileno()] as const;
  const child = spawn(process.execPath, words(program), { stdio: [...stdio] });
  const said = once(child.stdout as NodeJS.ReadableStream, "data");
  const closed = once(child, "close");
  assert.is(String((await said)[0]), "does not\n");
  assert.equal(await closed, [0, null]);
  assert.is(isNonblocking(stdin.fileno()), 0);
  closeAll(stdin, input);
});

test("stdin and stdout that are one open file do not block before both are closed", async () => {
  const [mine, theirs] = socketpair();
  setNonblocking(theirs.fileno(), false);
  const program = `${BOTH}
    write.close();
    loop.callSoon(() => loop.callSoon(() => loop.stop())); await loop.runForever();
    console.error(modes(0, 1));
    read.close();
    await loop.runUntilComplete(lost);
    console.error(modes(0, 1));
    loop.close();`;
  const stdio = [theirs.fileno(), theirs.fileno(), "pipe"] as const;
  const child = spawn(process.execPath, words(program), { stdio: [...stdio] });
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  assert.equal(await once(child, "close"), [0, null]);
  assert.is(said, "does not,does not\ndoes not,does not\nblocks,blocks\n");
  assert.is(isNonblocking(theirs.fileno()), 0);
  closeAll(mine, theirs);
});

for (const [input, output, modes] of [
  ["0", "1", "blocks,blocks"],
  // Node has opened the terminal once more for its own streams, so as to leave others alone.
  ["process.stdin", "process.stdout", ""],
]) {
  test(`${input} and ${output} may be a terminal`, async () => {
    const [terminal, path] = openTerminal();
    const program = `
      const [write] = await loop.runUntilComplete(loop.connectWritePipe(() => ({}), ${output}));
      const reading = new Reading();
      reading.dataReceived = (data) => { write.write(Buffer.from("got " + data)); transport.close(); };
      const [transport] = await loop.runUntilComplete(loop.connectReadPipe(() => reading, ${input}));
      write.write(Buffer.from("ready "));
      await loop.runUntilComplete(lost);
      write.close();
      loop.callSoon(() => loop.callSoon(() => loop.stop())); await loop.runForever();
      loop.close();
      console.error(modes(0, 1));`;
    const child = new Peer("sh", ["-c", 'exec <> "$0" 1>&0; "$@"', path, process.execPath, ...words(program)]);
    const loop = new EventLoop();
    let seen = "";
    const screen = {
      dataReceived(data: Buffer): void {
        seen += data;
        if (seen === "ready ") keys.write(Buffer.from("a line\n"));
        if (seen.endsWith("got a line\r\n")) loop.stop();
      },
    };
    const [reading] = await loop.runUntilComplete(loop.connectReadPipe(() => screen, terminal));
    const [keys] = await loop.runUntilComplete(loop.connectWritePipe(() => ({}), duplicate(terminal)));
    await loop.runForever();
    assert.is(seen, "ready a line\r\ngot a line\r\n");
    await child.says(new RegExp(`${modes}\n$`));
    // Node does not end well on a terminal that has hung up.
    await child.output;
    for (const transport of [keys, reading]) transport.close();
    loop.callSoon(() => loop.callSoon(() => loop.stop()));
    await loop.runForever();
    loop.close();
  });
}

test.run();
