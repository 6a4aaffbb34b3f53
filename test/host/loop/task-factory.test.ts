/** Task factories: who makes the tasks of a loop. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type EventLoop, type Future, Task, type TaskBody, type TaskOptions, timeout } from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops } from "./both-loops.js";

const test = bothLoops(suite("task factories"));

class OwnTask<T> extends Task<T> {
  readonly own = true;
}

function makeOwn<T>(loop: EventLoop, body: TaskBody<T>, options: TaskOptions): Future<T> {
  return new OwnTask(loop, body, options);
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

test("get the loop, the body and the options", async (loop) => {
  const calls: unknown[][] = [];
  loop.setTaskFactory((...args) => {
    calls.push(args);
    return makeOwn(...args);
  });
  const body = async (): Promise<void> => {};
  const task = loop.createTask(body, { name: "mine", eagerStart: false });
  assert.is(task.getName(), "mine");
  await loop.runUntilComplete(task);
  await loop.runUntilComplete(loop.createTask(body));
  assert.is(calls.length, 2);
  for (const [theLoop, theBody] of calls) assert.ok(theLoop === loop && theBody === body);
  assert.equal(
    calls.map(([, , options]) => options),
    [{ name: "mine", eagerStart: false }, {}],
  );
});

test("that make something else than tasks leave time limits nothing to cancel", async (loop) => {
  loop.setTaskFactory(<T>(own: EventLoop, body: TaskBody<T>): Future<T> => {
    const future = own.createFuture<T>();
    own.callSoon(() => {
      const error = thrownBy(() => (body as () => Iterator<unknown>)().next());
      assert.is(error.code, "ERR_NO_TASK");
      future.cancel();
    });
    return future;
  });
  const ended = loop.createFuture<void>();
  loop.callSoon(() => {
    const limited = timeout(1, async () => {});
    limited.addDoneCallback(() => ended.setResult());
  });
  await loop.runUntilComplete(ended);
  loop.setTaskFactory(null);
});

test("a task can only be made of a loop and a coroutine", (loop) => {
  assert.is(thrownBy(() => new Task(undefined as never, async () => {})).code, "ERR_NOT_A_LOOP");
  assert.is(thrownBy(() => new Task(loop, 1 as never)).code, "ERR_NOT_A_COROUTINE");
  assert.is(thrownBy(() => new Task(loop, async () => {}, { eager: true } as never)).code, "ERR_UNKNOWN_OPTION");
  assert.is(thrownBy(() => new Task(loop, async () => {}, { eagerStart: 1 } as never)).code, "ERR_INVALID_ARG_TYPE");
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
