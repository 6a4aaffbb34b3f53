/** What `npm pack` makes is small, complete, and works for every kind of program that installs it. */
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { root } from "./repository.js";

/** Of what is fetched to install it. */
const packedBytesMax = 295 * 1000;

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

const packageTest = suite<{ folder: string; packed: Packed }>("package");

packageTest.before((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "wasyncio-package-"));
  // dist/ is built already; --ignore-scripts keeps prepack from building it again.
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", context.folder];
  [context.packed] = JSON.parse(execute(root, "npm", args));
  const installed = join(context.folder, "node_modules/wasyncio");
  mkdirSync(installed, { recursive: true });
  execute(context.folder, "tar", ["-xzf", context.packed.filename, "-C", installed, "--strip-components=1"]);
  // What `npm install` would fetch, without a network.
  for (const name of ["koffi", "workerpool", "@types"]) {
    symlinkSync(join(root, "node_modules", name), join(context.folder, "node_modules", name));
  }
});

packageTest.after(({ folder }) => {
  rmSync(folder, { recursive: true, force: true });
});

packageTest("is no larger than promised", ({ packed }) => {
  const { size } = packed;
  assert.ok(size <= packedBytesMax, `${size} bytes, promised are at most ${packedBytesMax}`);
});

packageTest("holds what runs, its types and its papers, and nothing else", ({ packed }) => {
  const paths = packed.files.map(({ path }) => path);
  const papers = paths.filter((path) => !/^(dist|assembly|docs|examples)\//.test(path));
  const expected = ["ARCHITECTURE.md", "CHANGELOG.md", "LICENSE", "README.md", "package.json"];
  assert.equal(papers.sort(), expected);
  assert.equal(
    paths.filter((path) => path.startsWith("dist/") && !/\.(js|cjs|d\.ts|wasm|json)$/.test(path)),
    [],
  );
});

packageTest("explains in its types what is public, and nothing else", ({ folder }) => {
  const types = join(folder, "node_modules/wasyncio/dist/types");
  const files = readdirSync(types, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".d.ts"));
  const wrong = files.filter((file) =>
    /@internal|^ \* (Owns|Does not own|From):/m.test(readFileSync(join(types, file), "utf8")),
  );
  assert.ok(files.length > 0);
  assert.equal(wrong, []);
});

packageTest("is plain ASCII, of which V8 keeps a byte for each character", ({ folder }) => {
  const dist = join(folder, "node_modules/wasyncio/dist");
  for (const name of readdirSync(dist).filter((file) => file.endsWith("js"))) {
    assert.not.match(readFileSync(join(dist, name), "latin1"), /[\x80-\xff]/, name);
  }
});

packageTest("an ES module imports every entry", ({ folder }) => {
  const printed = runProgram(
    folder,
    "program.mjs",
    `import { run, sleep } from "wasyncio";
     import { VirtualEventLoop } from "wasyncio/testing";
     import { instantiate } from "wasyncio/core";
     import { RemoteLoop } from "wasyncio/worker";
     const loop = new VirtualEventLoop();
     await loop.runUntilComplete(loop.createTask(async () => { await sleep(3600); }));
     console.log(typeof run, loop.time(), typeof instantiate, typeof RemoteLoop);`,
  );
  assert.is(printed, "function 3600 function function\n");
});

packageTest("a CommonJS module requires every entry", ({ folder }) => {
  const printed = runProgram(
    folder,
    "program.cjs",
    `const { run } = require("wasyncio");
     const { VirtualEventLoop } = require("wasyncio/testing");
     const { instantiate } = require("wasyncio/core");
     const { RemoteLoop } = require("wasyncio/worker");
     const loop = new VirtualEventLoop();
     loop.callAt(3600, () => loop.stop());
     loop.runForever().then(() => console.log(typeof run, loop.time(), typeof instantiate, typeof RemoteLoop));`,
  );
  assert.is(printed, "function 3600 function function\n");
});

packageTest("a real loop runs from both kinds of module", ({ folder }) => {
  const body = `const loop = newEventLoop();
    loop.callLater(0.001, () => loop.stop());
    loop.runForever().then(() => { loop.close(); console.log("ran"); });`;
  assert.is(runProgram(folder, "real.mjs", `import { newEventLoop } from "wasyncio";\n${body}`), "ran\n");
  assert.is(runProgram(folder, "real.cjs", `const { newEventLoop } = require("wasyncio");\n${body}`), "ran\n");
});

packageTest("debug mode names the lines of the program, and none of the package", ({ folder }) => {
  const body = `const loop = newEventLoop();
    loop.setDebug(true);
    console.log(String(loop.callSoon(function tick() {})), String(loop.createTask(function* ticks() {})));
    loop.close();`;
  const imported = `import { newEventLoop } from "wasyncio";\nconsole.error = () => {};\n${body}`;
  const required = `const { newEventLoop } = require("wasyncio");\nconsole.error = () => {};\n${body}`;
  for (const [name, text] of [
    ["debug.mjs", imported],
    ["debug.cjs", required],
  ] as const) {
    const printed = runProgram(folder, name, text);
    assert.is(printed.match(/created at \S*\/debug\.[mc]js:\d+:\d+/g)?.length, 2, printed);
  }
});

packageTest("both kinds of module in one program share the same classes", ({ folder }) => {
  const printed = runProgram(
    folder,
    "both.mjs",
    `import { createRequire } from "node:module";
     import { EventLoop } from "wasyncio";
     import { VirtualEventLoop } from "wasyncio/testing";
     import { TimeoutError } from "wasyncio/worker";
     const required = createRequire(import.meta.url);
     console.log(EventLoop === required("wasyncio").EventLoop, new VirtualEventLoop() instanceof required("wasyncio").EventLoop);
     console.log(TimeoutError === required("wasyncio").TimeoutError);`,
  );
  assert.is(printed, "true true\ntrue\n");
});

packageTest("ES modules see every name that CommonJS modules see", ({ folder }) => {
  const printed = runProgram(
    folder,
    "names.mjs",
    `import { createRequire } from "node:module";
     const required = createRequire(import.meta.url);
     for (const entry of ["wasyncio", "wasyncio/testing", "wasyncio/core", "wasyncio/worker"]) {
       const names = Object.keys(required(entry)).sort().join();
       console.log(Object.keys(await import(entry)).filter((name) => name !== "default").sort().join() === names);
     }`,
  );
  assert.is(printed, "true\ntrue\ntrue\ntrue\n");
});

packageTest("bundlers need its code alone, and for executors the program of the workers", ({ folder }) => {
  const bundle = join(folder, "bundle");
  mkdirSync(bundle);
  const takeAlong = (...files: string[]): void => {
    for (const file of files) copyFileSync(join(folder, "node_modules/wasyncio/dist", file), join(bundle, file));
  };
  const program = `const { run, sleep, ThreadPoolExecutor, toThread } = require("./bundle/index.cjs");
     const { VirtualEventLoop } = require("./bundle/testing.cjs");
     const loop = new VirtualEventLoop();
     const sum = (a, b) => a + b;
     run(async () => await sleep(3600), { loopFactory: () => loop })
       .then(() => run(async () => await toThread(sum, 1, 2)))
       .then((result) => console.log(loop.time(), result), (error) => console.log(loop.time(), error.code));`;
  takeAlong("index.cjs", "testing.cjs", "shared.cjs");
  assert.is(runProgram(folder, "bundled.cjs", program), "3600 ERR_NO_POOL_WORKER\n");
  takeAlong("pool-worker.cjs");
  assert.is(runProgram(folder, "bundled.cjs", program), "3600 3\n");
});

packageTest("works in a realm of its own with a document, which test tools make", ({ folder }) => {
  const printed = runProgram(
    folder,
    "realm.cjs",
    `const { readFileSync } = require("node:fs");
     const { dirname, join } = require("node:path");
     const { PassThrough } = require("node:stream");
     const vm = require("node:vm");
     const parsingContext = vm.createContext({ Buffer, console, process, URL, document: { currentScript: null, baseURI: "http://localhost/" } });
     const modules = new Map();
     function load(file) {
       if (modules.has(file)) return modules.get(file).exports;
       const module = { exports: {} };
       modules.set(file, module);
       const requireFrom = (name) => name.startsWith("./") ? load(join(dirname(file), name)) : require(name);
       const names = ["require", "module", "exports", "__filename"];
       const code = vm.compileFunction(readFileSync(file, "utf8"), names, { parsingContext, filename: file });
       code(requireFrom, module, module.exports, file);
       return module.exports;
     }
     const { Protocol, run, getRunningLoop } = load(require.resolve("wasyncio"));
     run(async () => {
       const loop = getRunningLoop();
       const received = loop.createFuture();
       class Notes extends Protocol { dataReceived(data) { received.setResult(String(data)); } }
       const stream = new PassThrough();
       const [transport] = await loop.connectDuplex(() => new Notes(), stream);
       transport.write(Buffer.from("bytes"));
       console.log(await received);
       transport.close();
       const failed = loop.createFuture();
       try { readFileSync("/none"); } catch (error) { failed.setException(error); }
       await failed.catch((error) => console.log(error.code));
     });`,
  );
  assert.is(printed, "bytes\nENOENT\n");
});

packageTest("the core and package.json can be resolved", ({ folder }) => {
  const printed = runProgram(
    folder,
    "files.cjs",
    `const { readFileSync } = require("node:fs");
     console.log(readFileSync(require.resolve("wasyncio/core.wasm")).subarray(0, 4).toString("hex"));
     console.log(require("wasyncio/package.json").name);`,
  );
  assert.is(printed, "0061736d\nwasyncio\n");
});

packageTest(
  "every entry has types for compilers that do not read exports, as under moduleResolution node10",
  ({ folder }) => {
    const installed = join(folder, "node_modules/wasyncio");
    const { exports, types, typesVersions } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    for (const [entry, { require: required }] of Object.entries<{ require?: { types: string } }>(exports)) {
      if (required === undefined) continue;
      const [path] = entry === "." ? [types] : (typesVersions["*"][entry.slice(2)] ?? []);
      assert.ok(path && existsSync(join(installed, path)), entry);
      if (entry !== ".") assert.is(path, required.types);
    }
  },
);

const typedProgram = `
const loop: EventLoop = new VirtualEventLoop();
const future: Future<number> = loop.createFuture<number>();
// @ts-expect-error: the result must be a number
future.setResult("one");
export const pair: Future<[number, string]> = gather([sleep(1, 1), sleep(1, "x")]);
export const line: Promise<Buffer> = new StreamReader().readline();
// @ts-expect-error: a result may be an exception
export const results: Future<number[]> = gather([sleep(1, 1)], { returnExceptions: true });
for (const next of asCompleted([sleep(1, 1), sleep(1, "x")])) next.then((value: number | string) => value);
export const options: ServerOptions = { backlog: 5 };
export const port = loop.createServer(() => new Protocol(), "host", 0, options).then(({ sockets }) => sockets?.[0]?.getsockname().port);
export const peer = (transport: Transport) => transport.getExtraInfo("peercred")?.pid;
const handle: TimerHandle = loop.callLater(1, (value: number) => value, 1);
handle.cancel();
export const kind: abi.EventKind = abi.EventKind.FdReady;
`;

for (const [name, imports] of [
  [
    "typed.mts",
    `import { asCompleted, EventLoop, Future, gather, Protocol, type ServerOptions, sleep, StreamReader, TimerHandle, Transport } from "wasyncio";
import { VirtualEventLoop } from "wasyncio/testing";
import { abi } from "wasyncio/core";`,
  ],
  [
    "typed.cts",
    `import wasyncio = require("wasyncio");
import testing = require("wasyncio/testing");
import { abi } from "wasyncio/core";
type EventLoop = wasyncio.EventLoop; type Future<T> = wasyncio.Future<T>; type TimerHandle = wasyncio.TimerHandle;
type ServerOptions = wasyncio.ServerOptions; type Transport = wasyncio.Transport;
const { asCompleted, gather, Protocol, sleep, StreamReader } = wasyncio;
const { VirtualEventLoop } = testing;`,
  ],
] as const) {
  for (const module of ["node16", "nodenext"]) {
    packageTest(`types check in ${name} under ${module}`, ({ folder }) => {
      writeFileSync(join(folder, name), `${imports}${typedProgram}`);
      const flags = ["--noEmit", "--strict", "--isolatedModules", "--skipLibCheck", "false", "--ignoreConfig"];
      // Neither Node's types nor any library beyond the language's are asked for.
      const strict = ["--target", "es2022", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess"];
      execute(folder, join(root, "node_modules/.bin/tsc"), [...flags, ...strict, "--module", module, name]);
    });
  }
}

packageTest.run();

function runProgram(folder: string, name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return execute(folder, process.execPath, [name]);
}

function execute(cwd: string, command: string, args: string[]): string {
  try {
    return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(" ")}\n${stdout}${stderr}`);
  }
}
