/** docs/errors.md lists the codes of all errors with their classes, and no others. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { read, sourcesIn } from "./repository.js";

const rows = read("docs/errors.md")
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.split("|").map((cell) => cell.trim()));

const classesOf = new Map(
  rows.flatMap(([, codes = "", classes = ""]) => [...codes.matchAll(/ERR_[A-Z_]+/g)].map(([code]) => [code, classes])),
);

const code = sourcesIn("host").map(read).join("\n");

test("every code has one row, and every row is of a code", () => {
  const used = new Set([...code.matchAll(/"(ERR_[A-Z_]+)"/g)].map(([, name]) => name));
  assert.equal([...classesOf.keys()].sort(), [...used].sort());
  assert.is(rows.flatMap(([, codes = ""]) => codes.match(/ERR_/g) ?? []).length, classesOf.size);
});

test("the classes are the ones that are thrown", () => {
  const thrown = [...code.matchAll(/(?:new (\w+)|(typeError))\(\s*"(ERR_[A-Z_]+)"/g)];
  const wrong = thrown
    .map(([, made, typed, name = ""]) => ({ name, made: typed === undefined ? made : "TypeError" }))
    .filter(({ name, made = "" }) => !classesOf.get(name)?.includes(made));
  assert.ok(thrown.length > 100);
  assert.equal(wrong, []);
});

test.run();
