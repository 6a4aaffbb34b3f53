/** What a line of a stack says. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { frameOf, placeIn } from "../../../host/scheduler/user-frames.js";

const places: Record<string, string | null> = {
  "    at main (file:///srv/a.js:1:2)": "file:///srv/a.js:1:2",
  "    at async Object.<anonymous> [as x] (/srv/a.js:1:2)": "/srv/a.js:1:2",
  "    at file:///srv/a.js:1:2": "file:///srv/a.js:1:2",
  "    at async /srv/a.js:1:2": "/srv/a.js:1:2",
  "    at main (/srv/a (copy)/b.js:1:2)": "/srv/a (copy)/b.js:1:2",
  "    at /srv/a (copy)/b.js:1:2": "/srv/a (copy)/b.js:1:2",
  "    at eval (eval at main (/srv/a.js:1:2), <anonymous>:3:4)": null,
  "    at Promise.all (index 0)": null,
  "    at node:internal/main:1:2": null,
};

for (const [line, place] of Object.entries(places)) {
  test(`of ${line.trim()} is where it is`, () => {
    assert.is(placeIn(line), place);
  });
}

const functionNames: Record<string, string> = {
  "    at main (file:///srv/a.js:1:2)": "main",
  "    at async Object.<anonymous> [as x] (/srv/a.js:1:2)": "Object.<anonymous> [as x]",
  "    at /srv/a (copy)/b.js:1:2": "",
};

for (const [line, functionName] of Object.entries(functionNames)) {
  test(`of ${line.trim()} is which function it is of`, () => {
    const fileName = placeIn(line)?.slice(0, -4);
    assert.equal(frameOf(line), { functionName, fileName, lineNumber: 1, columnNumber: 2 });
  });
}

test.run();
