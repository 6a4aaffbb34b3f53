/** The virtual driver by itself: the clock that the core is told of. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { RunResult } from "../../../assembly/abi.js";
import { VirtualEventLoop } from "../../../host/testing.js";

test("a core that runs by itself waits on the driver's clock", () => {
  const loop = new VirtualEventLoop();
  const { core, driver } = loop._scheduler;
  const times: number[] = [];
  loop.callLater(5, () => times.push(loop.time()));
  loop.callLater(2, () => times.push(loop.time()));
  while (core.timerCount() > 0) assert.is(core.runOnce(), RunResult.Done);
  assert.equal(times, [2, 5]);
  assert.is(driver.now(), 5);
  assert.is(driver.select(Number.POSITIVE_INFINITY), 0);
  assert.is(driver.now(), 5);
  loop.close();
});

test("a core that runs by itself runs until it is stopped", () => {
  const loop = new VirtualEventLoop();
  const { core } = loop._scheduler;
  const task = loop.createTask(function* () {
    for (let index = 0; index < 10; index++) yield;
    core.stop();
    return "ran without a driver";
  });
  assert.is(core.runForever(), RunResult.Stopped);
  assert.is(task.result(), "ran without a driver");
  loop.close();
});

test.run();
