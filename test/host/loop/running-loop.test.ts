/** Which loop runs in this thread, and which is the one to use. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  createTask,
  currentTask,
  EventLoop,
  getEventLoop,
  getRunningLoop,
  newEventLoop,
  setEventLoop,
  sleep,
  type Task,
} from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, runOnce } from "./both-loops.js";

const test = bothLoops(suite("this thread's loop"));

test("is the one that runs, while it does", async (loop) => {
  assert.is(thrownBy(() => getRunningLoop()).code, "ERR_NO_RUNNING_LOOP");
  assert.match(thrownBy(() => getRunningLoop()).message, "take the coroutine function itself");
  const seen: EventLoop[] = [];
  loop.callSoon(() => seen.push(getRunningLoop(), getEventLoop()));
  await runOnce(loop);
  assert.equal(
    seen.map((one) => one === loop),
    [true, true],
  );
  assert.is(thrownBy(() => getRunningLoop()).code, "ERR_NO_RUNNING_LOOP");
});

test("is where createTask makes tasks", async (loop) => {
  let task: Task<string> | undefined;
  loop.callSoon(() => {
    task = createTask(async () => "done", { name: "mine" });
  });
  await runOnce(loop);
  assert.is(task?.getLoop(), loop);
  assert.is(task?.getName(), "mine");
  assert.is(await loop.runUntilComplete(task as Task<string>), "done");
  assert.is(thrownBy(() => createTask(async () => {})).code, "ERR_NO_RUNNING_LOOP");
});

test("is otherwise the one that was set", (loop) => {
  setEventLoop(loop);
  assert.is(getEventLoop(), loop);
  setEventLoop(null);
});

test("is otherwise a new one, which stays", () => {
  const made = getEventLoop();
  assert.instance(made, EventLoop);
  assert.is(getEventLoop(), made);
  assert.is.not(newEventLoopClosed(), made);
  setEventLoop(null);
  made.close();
});

test("cannot be something else", () => {
  for (const junk of [undefined, 1, "x", {}]) {
    const error = thrownBy(() => setEventLoop(junk as never));
    assert.instance(error, TypeError);
    assert.is(error.code, "ERR_NOT_A_LOOP");
  }
});

function newEventLoopClosed(): EventLoop {
  const loop = newEventLoop();
  loop.close();
  return loop;
}

test("is that of the task for an async function that goes on between two runs", async (loop) => {
  const trace: unknown[] = [];
  const worker: Task<void> = loop.createTask(async () => {
    for (let turn = 0; turn < 20; turn++) {
      await sleep(0.0005);
      await sleep(0);
      await Promise.resolve();
      trace.push(getRunningLoop() === loop, currentTask() === worker);
    }
  });
  for (let run = 0; run < 5; run++) await loop.runUntilComplete(loop.createTask(async () => await sleep(0.002)));
  await loop.runUntilComplete(worker);
  assert.equal(new Set(trace), new Set([true]));
  assert.is(trace.length, 40);
});

test.run();
