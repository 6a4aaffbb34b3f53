/** Imports point one way, and each door to the outside is one place. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { importsOf, read, sourcesIn } from "./repository.js";

/**
 * The layers, lowest first: a file may import from its own layer and from lower ones. A name that ends in "/" stands for the files of
 * that folder. ARCHITECTURE.md draws the same order.
 */
const layers = [
  ["assembly/abi"],
  ["assembly/host"],
  ["assembly/free-slots"],
  ["assembly/slots"],
  ["assembly/ready-queue", "assembly/timer-heap"],
  ["assembly/batch"],
  ["assembly/arrivals", "assembly/calls", "assembly/watches", "assembly/futures"],
  ["assembly/tasks"],
  ["assembly/loop"],
  ["assembly/index"],
  [
    "host/errors",
    "host/constants",
    "host/protocols",
    "host/own-folder",
    "host/node-timers",
    "host/core-bytes",
    "host/show",
    "host/arguments",
    "host/complaints",
    "host/exception-group",
  ],
  ["host/core"],
  ["host/sys/"],
  ["host/selector/"],
  ["host/scheduler/"],
  ["host/futures/"],
  ["host/net/"],
  ["host/executors/", "host/processes/", "host/virtual/"],
  ["host/threads/"],
  ["host/loop/"],
  ["host/sync/"],
  ["host/streams/"],
  ["host/index", "host/testing", "host/embed", "host/worker", "host/pool-worker"],
];

/** Where one side needs a single file of another. */
const exceptions: Record<string, string> = {
  "assembly/host": "test/core/scripted-host",
};

const sources = [...sourcesIn("assembly"), ...sourcesIn("host")].map((path) => path.replace(/\.ts$/, ""));

function layerOf(path: string): number {
  return layers.findIndex((names) =>
    names.some((name) => (name.endsWith("/") ? path.startsWith(name) : path === name)),
  );
}

/** What a file imports from this repository that is still there at run time. */
function runtimeImports(path: string): string[] {
  const own = importsOf(`${path}.ts`).filter(({ target, typeOnly }) => !typeOnly && target.includes("/"));
  return own.map(({ target }) => target).filter((target) => /^(assembly|host|test)\//.test(target));
}

test("every source file belongs to a layer", () => {
  assert.equal(
    sources.filter((path) => layerOf(path) < 0),
    [],
  );
});

test("no file imports from a layer above its own", () => {
  const wrong = sources.flatMap((path) =>
    runtimeImports(path)
      .filter((target) => target !== exceptions[path] && !(layerOf(target) >= 0 && layerOf(target) <= layerOf(path)))
      .map((target) => `${path} imports ${target}`),
  );
  assert.equal(wrong, []);
});

test("the core and the host share nothing but abi.ts", () => {
  const wrong = sources.flatMap((path) =>
    importsOf(`${path}.ts`)
      .filter(({ target }) => target !== "assembly/abi" && /^(assembly|host)\//.test(target))
      .filter(({ target }) => target.split("/")[0] !== path.split("/")[0])
      .map(({ target }) => `${path} imports ${target}`),
  );
  assert.equal(wrong, []);
});

test("no file imports itself by a detour", () => {
  const finished = new Set<string>();
  const visit = (path: string, trail: string[]): void => {
    assert.not(trail.includes(path), [...trail, path].join(" -> "));
    if (finished.has(path)) return;
    for (const target of runtimeImports(path)) visit(target, [...trail, path]);
    finished.add(path);
  };
  for (const path of sources.filter((each) => each.startsWith("host/"))) visit(path, []);
});

test("only host/core.ts says WebAssembly", () => {
  const speakers = sourcesIn("host").filter((path) => /\bWebAssembly\b/.test(read(path)));
  assert.equal(speakers, ["host/core.ts"]);
});

test("only host/sys/ loads koffi", () => {
  const loaders = sourcesIn("host").filter((path) => /["']koffi["']/.test(read(path)));
  assert.ok(loaders.length > 0, "the test looks for the wrong thing");
  assert.equal(
    loaders.filter((path) => !path.startsWith("host/sys/")),
    [],
  );
});

test("the host needs no package but koffi and workerpool at run time", () => {
  const packages = sourcesIn("host").flatMap((path) => importsOf(path).map(({ target }) => target));
  const foreign = packages.filter((target) => !/^(node:|assembly\/|host\/|(koffi|workerpool)$)/.test(target));
  assert.equal(foreign, []);
});

test.run();
