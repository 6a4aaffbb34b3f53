/**
 * The tour sees what it should, draws its load test, and ends well and in time.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Ended, runExample } from "./processes.js";

const columnsMax = 80;
const secondsMax = 10;

const tour = suite<{ ended: Ended; seconds: number }>("tour");

tour.before(async (context) => {
  const start = performance.now();
  context.ended = await runExample("tour");
  context.seconds = (performance.now() - start) / 1000;
});

tour("ends well, within ten seconds", ({ ended, seconds }) => {
  assert.is(ended.stderr, "");
  assert.is(ended.ending, 0);
  assert.ok(seconds < secondsMax, `it took ${seconds.toFixed(1)} s`);
});

tour("prints what it saw of each facility", ({ ended }) => {
  const lines = ended.stdout.split("\n").map((line) => line.trim());
  const number = String.raw`[\d,.]+`;
  for (const expected of [
    `timers        10,000 set, ${number} cancelled; in order, none early, ${number} ms late`,
    `tasks         ${number} slept 50 ms each, side by side: ${number} ms in all`,
    `switches      500,000 among 100 tasks, ${number} ns each`,
    "cancellation  a generator and an async function took one, and cleaned up",
    `descriptors   a megabyte: ${number} times writable, ${number} times readable`,
    `sockets       4,194,304 bytes through TCP in ${number} pieces and ${number} ms`,
    `TCP           50 clients, 1,000 messages echoed in ${number} ms, none lost`,
    String.raw`TLS           1,000 messages, one at a time: ${number} ms; TLSv1\.3`,
    `UDP           1,000 datagrams, 16 under way: ${number} ms`,
    String.raw`Unix          1,000 messages, one at a time: ${number} ms; the peer's pid is \d+`,
    `pipes         4,194,304 bytes through a pipe in ${number} pieces and ${number} ms`,
    `names         localhost is (::1|127.0.0.1)( and (::1|127.0.0.1))?; 50 lookups, two at a time: ${number} ms`,
    `executor      20,000,000 summed in a thread: ${number} ms; ${number} turns meanwhile`,
    `threads       10,000 calls of a worker, in order: ${number} ms; it was answered 42`,
    `subprocesses  11 children, 1,000,000 bytes through one: ${number} ms`,
    `signals       SIGUSR2 was handled ${number} ms after it was sent`,
    `Node          fs read a file and setInterval ticked ${number} times meanwhile`,
  ]) {
    const pattern = new RegExp(`^${expected}$`);
    assert.ok(
      lines.some((line) => pattern.test(line)),
      `no line like "${expected}" in\n${ended.stdout}`,
    );
  }
});

tour("draws its load test", ({ ended }) => {
  assert.match(ended.stdout, /[▁▂▃▄▅▆▇█]{20}/);
  assert.match(ended.stdout, /│█+[▏▎▍▌▋▊▉]? +[\d.]+ %/);
  assert.match(ended.stdout, /[\d,]+ messages, [\d,]+ a second/);
});

tour("fits into eighty columns", ({ ended }) => {
  const wide = ended.stdout.split("\n").filter((line) => [...line].length > columnsMax);
  assert.equal(wide, []);
});

tour.run();
