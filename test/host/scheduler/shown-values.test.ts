/** Texts of values that are told of, whatever those do when they are asked. */
import { inspect } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { allTasks, gather } from "../../../host/index.js";
import { logContext } from "../../../host/loop/exception-handler.js";
import { bothLoops, contextsOf, rejection, runOnce } from "../loop/both-loops.js";
import { captureConsole } from "../loop/capture-console.js";

const test = bothLoops(suite("what is shown of values"));

class Unspeakable {
  [inspect.custom](): string {
    throw new Error("asked");
  }
}

test("as an argument hinders neither a callback nor what is told of its failure, in debug mode either", async (loop) => {
  for (const debug of [false, true]) {
    loop.setDebug(debug);
    const contexts = contextsOf(loop);
    const error = new Error("mine");
    const called: unknown[] = [];
    const failing = (argument: unknown): void => {
      called.push(argument);
      throw error;
    };
    const argument = new Unspeakable();
    loop.callSoon(failing, argument);
    loop.callLater(0, failing, argument);
    await runOnce(loop);
    await runOnce(loop);
    assert.equal(called, [argument, argument]);
    assert.ok(contexts.every(({ exception }) => exception === error));
    assert.equal(
      contexts.map(({ message }) => /failing\(<cannot be shown>\)/.test(message)),
      [true, true],
    );
  }
});

test("as a result, an exception or anything in a context can be told of", async (loop) => {
  const [good, bad] = [loop.createFuture(), loop.createFuture()];
  good.setResult(new Unspeakable());
  assert.match(String(good), /^<Future finished result=<cannot be shown>/);
  const error = Object.assign(new Error("mine"), { [inspect.custom]: Unspeakable.prototype[inspect.custom] });
  bad.setException(error);
  assert.match(String(bad), /^<Future finished exception=Error: mine/);
  bad.exception();
  const printed = captureConsole("error", () =>
    logContext({ message: "m", exception: error, more: new Unspeakable() }),
  );
  assert.is(printed[0], "m\nmore: <cannot be shown>\nError: mine");
});

test("of a future that is part of its own result ends", async (loop) => {
  loop.setDebug(false);
  const future = loop.createFuture<unknown>();
  future.setResult({ future });
  assert.is(String(future), "<Future finished result={ future: <Future finished> }>");
  const failed = loop.createFuture<unknown>();
  failed.setException(Object.assign(new Error("mine"), { failed }));
  assert.match(String(failed), /^<Future finished exception=/);
  await rejection(failed);
  // Each is part of the result of all others.
  const tasks = Array.from({ length: 20 }, (_, index) =>
    loop.createTask(async () => allTasks(), { name: `t${index}` }),
  );
  await loop.runUntilComplete(gather(tasks));
  assert.match(inspect(tasks[0]), /<Task finished name=t7>/);
});

test.run();
