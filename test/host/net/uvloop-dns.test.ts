/**
 * Lookups, held against the checks of uvloop's own: tests/test_dns.py, and what varies them.
 *
 * Does not own: what resolve.test.ts says already.
 */
import { spawnSync } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import * as constants from "../../../host/constants.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import { leakChecked } from "../../support/leaks.js";
import { compareAddresses, differences } from "./cpython-names.js";
import { iteration, onLoop, rejectionOf } from "./support.js";

const { AF_INET, AI_CANONNAME, SOCK_STREAM } = constants;
const tests = suite("lookups, as uvloop tests them");
const test = leakChecked(tests);
const cpythonTest = spawnSync("python3", ["-c", "import socket"]).status === 0 ? test : tests.skip;

cpythonTest("CPython has the same answers for hosts that look like addresses", async () => {
  const loop = new EventLoop();
  const hosts = ["127.0.0.1 ", " 127.0.0.1", "127.0.0.1.", "127.0.0.01", "017700000001", "0", "1.2.3", "256.1.1.1"];
  hosts.push(
    "127.0.0.256",
    "::ffff:127.0.0.1",
    "[::1]",
    "localhost.",
    "LOCALHOST",
    "<broadcast>",
    "0x7f.1",
    "1:2",
    "-",
  );
  const compared = await loop.runUntilComplete(
    loop.createTask(() =>
      compareAddresses(loop, [
        ...hosts.map((host) => [host, 80, AF_INET, SOCK_STREAM] as const),
        ["::1", 80, 0, SOCK_STREAM, 0, AI_CANONNAME],
        ["127.0.0.1", 80, 0, SOCK_STREAM, 0, AI_CANONNAME],
        [null, 0, 0, SOCK_STREAM],
        [null, null, 0, SOCK_STREAM],
        ["", 0, 0, SOCK_STREAM],
        ["localhost", "http", 0, SOCK_STREAM],
      ]),
    ),
  );
  loop.close();
  assert.equal(differences(compared), []);
});

test(
  "a name that begins as an address in hexadecimal is a name, however long",
  onLoop(async ({ loop }) => {
    for (const host of [`0x${"0".repeat(246)}7f000001.example.com`, "a.".repeat(10_000)]) {
      for (const type of [0, SOCK_STREAM]) {
        assert.match((await rejectionOf(loop.getaddrinfo(host, 80, { type }))).code ?? "", /^E(NOTFOUND|AI_AGAIN)$/);
      }
    }
  }),
);

test("a loop may be closed while it looks something up for a task that was cancelled", async () => {
  for (const cancels of [true, false]) {
    const loop = new EventLoop();
    loop.setExceptionHandler(() => {});
    const task = loop.createTask(async () => void (await loop.getaddrinfo("localhost", 80)));
    await loop.runUntilComplete(
      loop.createTask(async () => {
        await iteration(loop);
        if (cancels) task.cancel();
        loop.stop();
      }),
    );
    loop.close();
    assert.is(task.cancelled(), cancels);
  }
});

tests.run();
