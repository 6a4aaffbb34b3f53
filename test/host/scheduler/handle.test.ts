/** Handles: what a callback is called with, what cancelling does, and what they say of themselves. */
import { inspect } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Handle, partial, TimerHandle } from "../../../host/index.js";
import { bothLoops, runFor, runOnce } from "../loop/both-loops.js";

const test = bothLoops(suite("handles"));

test("are what callSoon and callLater return", async (loop) => {
  assert.instance(
    loop.callSoon(() => {}),
    Handle,
  );
  assert.instance(
    loop.callSoonThreadsafe(() => {}),
    Handle,
  );
  assert.instance(
    loop.callLater(0, () => {}),
    TimerHandle,
  );
  assert.instance(
    loop.callAt(0, () => {}),
    TimerHandle,
  );
  await runOnce(loop);
});

test("that are cancelled do not run", async (loop) => {
  let ran = 0;
  const handles = [loop.callSoon(() => ran++), loop.callLater(0, () => ran++)];
  for (const handle of handles) {
    assert.not.ok(handle.cancelled());
    handle.cancel();
    handle.cancel();
    assert.ok(handle.cancelled());
  }
  await runFor(loop, 0.0005);
  assert.is(ran, 0);
});

test("that have run cannot be kept from it any more, and stay what they were for others", async (loop) => {
  let ran = 0;
  const handle = loop.callSoon(() => ran++);
  await runOnce(loop);
  assert.not.ok(handle.cancelled());
  // Its slot belongs to somebody else by now.
  const other = loop.callSoon(() => ran++);
  handle.cancel();
  assert.not.ok(other.cancelled());
  await runOnce(loop);
  assert.is(ran, 2);
});

test("may be cancelled by the callback itself", async (loop) => {
  let ran = 0;
  const handle = loop.callSoon(() => {
    ran++;
    handle.cancel();
  });
  await runOnce(loop);
  await runOnce(loop);
  assert.is(ran, 1);
});

test("outlive their loop without harm", (loop) => {
  const handles = [loop.callSoon(() => assert.unreachable()), loop.callLater(1, () => assert.unreachable())];
  loop.close();
  for (const handle of handles) handle.cancel();
  assert.type((handles[1] as TimerHandle).when(), "number");
  assert.type(String(handles[0]), "string");
});

test("an old handle never cancels a new callback, however often slots are used again", async (loop) => {
  const old: Handle[] = [];
  let ran = 0;
  for (let round = 0; round < 600; round++) {
    for (const handle of old) handle.cancel();
    old.length = 0;
    old.push(
      loop.callSoon(() => ran++),
      loop.callLater(0, () => ran++),
    );
    await runOnce(loop);
  }
  assert.is(ran, 1200);
});

test("say what they will call", (loop) => {
  loop.setDebug(false);
  function tick(..._args: unknown[]): void {}
  const handle = loop.callSoon(tick, 1, "two", { three: { four: [5] } }, null);
  assert.is(String(handle), "<Handle tick(1, 'two', { three: [Object] }, null)>");
  assert.is(inspect(handle), String(handle));
  const timer = loop.callAt(12.5, tick);
  assert.is(String(timer), "<TimerHandle when=12.5 tick()>");
  const anonymous = loop.callSoon(() => {});
  assert.is(String(anonymous), "<Handle (anonymous)()>");
  handle.cancel();
  assert.is(String(handle), "<Handle cancelled>");
  timer.cancel();
  assert.is(String(timer), "<TimerHandle cancelled when=12.5>");
  anonymous.cancel();
});

test("show the arguments that partial has bound", async (loop) => {
  loop.setDebug(false);
  const seen: unknown[][] = [];
  function note(...args: unknown[]): number {
    return seen.push(args);
  }
  const bound = partial(partial(note, 1), 2);
  const handle = loop.callSoon(bound, 3);
  assert.is(String(handle), "<Handle note(1, 2, 3)>");
  await runOnce(loop);
  assert.equal(seen, [[1, 2, 3]]);
  assert.is(bound("direct"), 2);
  assert.equal(seen[1], [1, 2, "direct"]);
});

test.run();
