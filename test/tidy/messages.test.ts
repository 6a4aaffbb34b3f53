/** Messages of errors have no period at their end. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { read, sourcesIn } from "./repository.js";

/** Texts that end with a period, wherever they are put together: a message may be in a variable first. */
const endsWithPeriod = /[\w)\]}?']\.(?:"|`)(?=[,;):\s]|$)/;
/** What is logged or told to exception handlers has the words that asyncio has for it. */
const isLogged = /(call failed|raised exception|was dropped)\.["`]/;

function wrongIn(path: string, text: string): string[] {
  return text
    .split("\n")
    .map((line, index) => ({ line: line.trim(), place: `${path}:${index + 1}` }))
    .filter(({ line }) => !/^(\*|\/[/*]|import )/.test(line) && endsWithPeriod.test(line) && !isLogged.test(line))
    .map(({ line, place }) => `${place}: ${line}`);
}

test("no message of an error ends in a period", () => {
  const wrong = sourcesIn("host").flatMap((path) => wrongIn(path, read(path)));
  assert.equal(wrong, []);
});

test("the periods of messages are seen wherever they stand", () => {
  const lines = [
    'throw typeError("ERR_X", "The size must be small.");',
    `throw typeError("ERR_X", \`The size must be small, not \${size}.\`);`,
    'const message = "It is closed. Make a new one.";',
    '  "It is closed (by whom?).",',
    'return asked ? "Ask first." : null;',
  ];
  assert.is(wrongIn("x.ts", lines.join("\n")).length, lines.length);
  assert.equal(wrongIn("x.ts", 'bytes.join(".");\nnew URL(".", base);\n"It is closed. Make a new one";'), []);
});

test.run();
