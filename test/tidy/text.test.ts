/** What no file may say, and what every source file must. */
import { homedir } from "node:os";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ownFiles, read, root, sourcesIn } from "./repository.js";

const linesMax = 500;
const thisFile = "test/tidy/text.test.ts";
const binary = /\.(wasm|png|gif|gz|der)$/;
const files = ownFiles().filter((path) => !binary.test(path) && path !== thisFile);
const sources = [...sourcesIn("assembly"), ...sourcesIn("host")];

/** "path:line" of each line that matches. */
function linesLike(paths: string[], pattern: RegExp): string[] {
  return paths.flatMap((path) =>
    read(path)
      .split("\n")
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  );
}

test("nothing is left to do", () => {
  assert.equal(linesLike(files, /\b(TODO|FIXME|XXX|HACK)\b/), []);
});

test("every source file begins by saying what it owns", () => {
  const silent = sources.filter((path) => !read(path).startsWith("/**\n * "));
  assert.equal(silent, []);
});

test("no source file is two", () => {
  const long = sources.filter((path) => read(path).split("\n").length > linesMax);
  assert.equal(long, []);
});

test("every suite of a test file is run", () => {
  const forgetful = ownFiles("test")
    .filter((path) => path.endsWith(".test.ts"))
    .filter((path) => {
      const text = read(path);
      if (path.startsWith("test/core/")) return !text.trimEnd().endsWith("done();");
      const suites = [...text.matchAll(/^const (\w+) = (?:\w+\()*suite\b/gm)].map(([, name]) => name);
      if (/^import \{[^}]*\btest\b[^}]*\} from "uvu"/m.test(text)) suites.push("test");
      return suites.length === 0 || !suites.every((name) => text.includes(`\n${name}.run();`));
    });
  assert.equal(forgetful, []);
});

test("no file names a folder of the machine it was written on", () => {
  const home = homedir();
  const places = [root.replace(/\/$/, ""), ...(home.split("/").length > 2 ? [home] : [])];
  const literal = places.map((place) => place.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  assert.equal(linesLike(files, new RegExp(`(${literal}|/(home|Users)/\\w+)(/|\\b)`)), []);
});

test("no file names a package registry's host", () => {
  assert.equal(linesLike(files, /\bregistry\.[a-z]+\.[a-z]|\bpypi\.org|pythonhosted/), []);
});

test("the lock file says what, not from where", () => {
  assert.not.match(read("package-lock.json"), /"resolved"/);
});

test("dependencies are pinned exactly", () => {
  const { dependencies, devDependencies } = JSON.parse(read("package.json"));
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
    assert.match(String(version), /^\d+\.\d+\.\d+$/, name);
  }
});

test("there are at most ten npm scripts", () => {
  assert.ok(Object.keys(JSON.parse(read("package.json")).scripts).length <= 10);
});

test.run();
