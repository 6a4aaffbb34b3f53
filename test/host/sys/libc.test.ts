import { suite } from "uvu";
import * as assert from "uvu/assert";
import { runProgram } from "../../support/child-programs.js";

const test = suite("the door to libc");

/** Makes a socket and a selector after `circumstance` and tells how each failed. */
async function failureUnder(circumstance: string): Promise<string[]> {
  const { code, output } = await runProgram(`
    import Module from "node:module";
    ${circumstance}
    const { Socket } = await import("host/net/socket.js");
    const { EpollSelector } = await import("host/selector/epoll-selector.js");
    const { registeredCallbacks } = await import("host/sys/libc.js");
    for (const make of [() => new Socket(), () => new EpollSelector(), () => new Socket()]) {
      try {
        make();
      } catch (error) {
        console.log(error.name, error.code, error.message);
      }
    }
    if (registeredCallbacks() !== 0) throw new Error("something was loaded");
  `);
  assert.is(code, 0, output);
  return output.split("\n");
}

test("is loaded with the first socket, and not by an import", async () => {
  const { output } = await runProgram(`
    import Module from "node:module";
    const loaded = () => Object.keys(Module._cache).filter((path) => path.endsWith("koffi.node")).length;
    const { Socket } = await import("host/net/socket.js");
    const { EpollSelector } = await import("host/selector/epoll-selector.js");
    const before = loaded();
    new Socket();
    console.log(before, loaded());
  `);
  assert.is(output, "0 1");
});

test("names the platform that it does not know", async () => {
  const lines = await failureUnder('Object.defineProperty(process, "platform", { value: "darwin" });');
  assert.is(lines.length, 3);
  for (const line of lines) {
    assert.match(
      line,
      /^UnsupportedError ERR_UNSUPPORTED_PLATFORM .* this is darwin on \w+, and real loops need Linux/,
    );
  }
});

test("names koffi where that is missing, and what to do", async () => {
  const lines = await failureUnder(`
    const load = Module._load;
    Module._load = (name, ...rest) => {
      if (name.includes("koffi")) throw new Error("Cannot find module " + name);
      return load(name, ...rest);
    };
  `);
  assert.is(lines.length, 3);
  for (const line of lines)
    assert.match(line, /the package koffi could not be loaded \(Cannot find .* --omit=optional/);
});

test("is found by koffi itself where its file is not in the usual place", async () => {
  const { code, output } = await runProgram(`
    import Module from "node:module";
    const load = Module._load;
    const refused = [];
    Module._load = (name, ...rest) => {
      if (/^@koromix.*node$/.test(name)) {
        refused.push(name);
        throw new Error("Cannot find module " + name);
      }
      return load(name, ...rest);
    };
    const { Socket } = await import("host/net/socket.js");
    console.log(new Socket().fileno() > 0, refused.length);
  `);
  assert.is(code, 0, output);
  assert.is(output, "true 1");
});

test("is not needed to tell that there is no WebAssembly, as under --jitless", async () => {
  const { output } = await runProgram(`
    delete globalThis.WebAssembly;
    const { VirtualEventLoop } = await import("host/testing.js");
    try {
      new VirtualEventLoop();
    } catch (error) {
      console.log(error.code, error.message);
    }
  `);
  assert.is(output, "ERR_UNSUPPORTED_PLATFORM loops need WebAssembly, which --jitless turns off");
});

test("tells runtimes without libuv that they have none", async () => {
  const { output } = await runProgram(`
    import { watchReadable } from "host/sys/uv-watch.js";
    const notKnownToDeno = 1000;
    for (const name of ["deno", "bun"]) {
      Object.defineProperty(process.versions, name, { value: "1.0.0" });
      try {
        watchReadable(notKnownToDeno, () => {});
      } catch (error) {
        console.log(error.code, error.message);
      }
    }
  `);
  const [deno, bun] = output.split("\n");
  assert.match(deno, /^ERR_UNSUPPORTED_PLATFORM .*Deno has no libuv loop/);
  assert.match(bun, /^ERR_UNSUPPORTED_PLATFORM .*Bun has no libuv loop/);
});

test.run();
