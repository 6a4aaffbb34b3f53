/** Events: waiting for a flag. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Event } from "../../../host/index.js";
import { bothLoops } from "../loop/both-loops.js";
import { awaiting, iterate, KINDS } from "./both-kinds.js";

const test = bothLoops(suite("Event"));

for (const kind of KINDS) {
  test(`lets all go on when it is set, in the order in which they came, ${kind}`, async (loop) => {
    const event = new Event();
    const trace: unknown[] = [];
    for (const name of ["a", "b", "c"])
      awaiting(
        loop,
        kind,
        () => event.wait(),
        (value) => trace.push(name, value),
      );
    await iterate(loop);
    assert.equal(trace, []);
    assert.is(String(event), "<Event [unset, waiters:3]>");
    event.set();
    event.set();
    assert.ok(event.isSet());
    await iterate(loop);
    assert.equal(trace, ["a", true, "b", true, "c", true]);
    assert.is(String(event), "<Event [set]>");
  });

  test(`lets those go on who waited, even if it is cleared before they do, ${kind}`, async (loop) => {
    const event = new Event();
    const trace: string[] = [];
    awaiting(
      loop,
      kind,
      () => event.wait(),
      () => trace.push("before"),
    );
    await iterate(loop);
    event.set();
    event.clear();
    const late = awaiting(
      loop,
      kind,
      () => event.wait(),
      () => trace.push("after"),
    );
    await iterate(loop);
    assert.equal([trace, event.isSet()], [["before"], false]);
    late.cancel();
    await iterate(loop);
  });

  test(`does not wait for what is set, ${kind}`, async (loop) => {
    const event = new Event();
    event.set();
    assert.is(
      await loop.runUntilComplete(
        awaiting(
          loop,
          kind,
          () => event.wait(),
          (value) => value,
        ),
      ),
      true,
    );
  });

  test(`forgets those who are cancelled, ${kind}`, async (loop) => {
    const event = new Event();
    const task = awaiting(
      loop,
      kind,
      () => event.wait(),
      () => assert.unreachable(),
    );
    await iterate(loop);
    task.cancel();
    await iterate(loop);
    assert.ok(task.cancelled());
    assert.is(String(event), "<Event [unset]>");
  });
}

test.run();
