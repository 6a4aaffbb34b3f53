/** The list of mutations fits the code. Whether the tests notice them, `node dist-scripts/mutations.mjs` tells. */
import { existsSync, readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ownFiles, read, root } from "./repository.js";

interface Mutation {
  readonly keyword: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  readonly test: string;
}

for (const list of ownFiles("test/mutations")) {
  test(`${list} names what stands in the code once, and tests that exist`, () => {
    const mutations: Mutation[] = JSON.parse(read(list));
    const wrong = mutations
      .filter(({ file, find }) => readFileSync(`${root}out/${file}`, "utf8").split(find).length !== 2)
      .map(({ keyword, file, find }) => `${keyword}: ${file} is to hold exactly once: ${find}`);
    assert.equal(wrong, []);
    for (const { test } of mutations) assert.ok(existsSync(`${root}out/${test}`), test);
    assert.is(new Set(mutations.map(({ keyword }) => keyword)).size, mutations.length);
  });
}

test.run();
