/**
 * The programs in docs/porting.md print the same in Python and in TypeScript.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { printing, programsOf, runWithoutDebugMode, testPrograms } from "./shown-programs.js";

const PAGE = "docs/porting.md";

const porting = suite(PAGE);

testPrograms(porting, PAGE, 8);

for (const { python, output } of programsOf(PAGE)) {
  porting(`has code in Python that prints ${JSON.stringify(output.split("\n", 1)[0])}`, async () => {
    assert.type(python, "string");
    assert.equal(await runWithoutDebugMode("python3", "-c", python as string), printing(output));
  });
}

porting.run();
