/** What a loop and its callers know of each other without a message. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SharedWords } from "../../../host/threads/shared-words.js";
import { leakChecked } from "../../support/leaks.js";

const test = leakChecked(suite("SharedWords"));

const AHEAD_MAX = 16_384;

/** A worker that posts for so many milliseconds, and would post without end otherwise. */
function post(words: SharedWords, milliseconds: number): Worker {
  const module = new URL("../../../host/threads/shared-words.js", import.meta.url).href;
  const program = `
    import { workerData } from "node:worker_threads";
    const { SharedWords } = await import(${JSON.stringify(module)});
    const words = new SharedWords(workerData);
    const end = performance.now() + ${milliseconds};
    while (performance.now() < end) {
      words.notePost(-1);
      words.holdBack();
    }`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`), { workerData: words.buffer });
}

test("a caller that is far ahead of the loop is held back", async () => {
  const words = new SharedWords();
  await once(post(words, 200), "exit");
  assert.ok(words.posted <= AHEAD_MAX + 250, `${words.posted} were posted`);
});

test("a caller is let go when the loop takes what was posted", async () => {
  const words = new SharedWords();
  const worker = post(words, 200);
  const ended = once(worker, "exit");
  const taking = setInterval(() => {
    for (let taken = 0; taken < AHEAD_MAX; taken++) words.noteTaken();
  }, 5);
  await ended;
  clearInterval(taking);
  assert.ok(words.posted > AHEAD_MAX + 250, `${words.posted} were posted`);
});

test("answers and the end of the loop let those go on that wait", () => {
  const words = new SharedWords();
  const seen = words.answered;
  words.noteAnswer();
  // It would wait for ever if the answer did not count.
  words.waitForAnswer(seen, Number.POSITIVE_INFINITY);
  assert.not.ok(words.isClosed);
  words.close();
  assert.ok(words.isClosed);
  words.waitForAnswer(seen + 1, Number.POSITIVE_INFINITY);
});

test.run();
