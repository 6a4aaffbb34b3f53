/** Task factories: who makes the tasks of a loop. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type EventLoop, type Future, Task, type TaskBody } from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops } from "./both-loops.js";

const test = bothLoops(suite("task factories"));

class OwnTask<T> extends Task<T> {
  readonly own = true;
}

function makeOwn<T>(loop: EventLoop, body: TaskBody<T>): Future<T> {
  return new OwnTask(loop, loop._scheduler, body, undefined);
}

test("are none by default, can be set, and be taken back", (loop) => {
  assert.is(loop.getTaskFactory(), null);
  loop.setTaskFactory(makeOwn);
  assert.is(loop.getTaskFactory(), makeOwn);
  loop.setTaskFactory(null);
  assert.is(loop.getTaskFactory(), null);
});

test("make the tasks of createTask, and of what wraps coroutines", async (loop) => {
  loop.setTaskFactory(makeOwn);
  const named = loop.createTask(async () => "value", { name: "mine" });
  assert.instance(named, OwnTask);
  assert.is(named.getName(), "mine");
  assert.is(await loop.runUntilComplete(named), "value");
  loop.setTaskFactory(null);
  const plain = loop.createTask(async () => {});
  assert.not.instance(plain, OwnTask);
  await loop.runUntilComplete(plain);
});

test("get the loop and the body", async (loop) => {
  const calls: unknown[][] = [];
  loop.setTaskFactory((...args) => {
    calls.push(args);
    return makeOwn(...args);
  });
  const body = async (): Promise<void> => {};
  await loop.runUntilComplete(loop.createTask(body));
  assert.is(calls.length, 1);
  assert.equal(
    calls[0]?.map((arg) => arg === loop || arg === body),
    [true, true],
  );
});

test("may return any future, which then has no name", async (loop) => {
  const future = loop.createFuture<number>();
  loop.setTaskFactory(() => future as Future as Future<never>);
  assert.is(loop.createTask(async () => 1, { name: "unused" }) as Future<number>, future);
  future.cancel();
});

test("must be functions, and return futures", (loop) => {
  for (const junk of [undefined, 1, "x", {}]) {
    const error = thrownBy(() => loop.setTaskFactory(junk as never));
    assert.instance(error, TypeError);
    assert.is(error.code, "ERR_NOT_CALLABLE");
  }
  for (const junk of [undefined, null, 1, Promise.resolve()]) {
    loop.setTaskFactory(() => junk as never);
    const error = thrownBy(() => loop.createTask(async () => {}));
    assert.instance(error, TypeError);
    assert.is(error.code, "ERR_NOT_A_FUTURE");
  }
  loop.setTaskFactory(() => {
    throw new Error("in the factory");
  });
  assert.is(thrownBy(() => loop.createTask(async () => {})).message, "in the factory");
});

test.run();
