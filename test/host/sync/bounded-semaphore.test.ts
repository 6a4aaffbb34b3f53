/** Semaphores that notice when they are released too often. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { BoundedSemaphore } from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops } from "../loop/both-loops.js";
import { awaiting, iterate } from "./both-kinds.js";

const test = bothLoops(suite("BoundedSemaphore"));

test("cannot be released more often than it was acquired", async (loop) => {
  const semaphore = new BoundedSemaphore(2);
  assert.is(thrownBy(() => semaphore.release()).code, "ERR_RELEASED_TOO_OFTEN");
  await loop.runUntilComplete(
    awaiting(
      loop,
      "generator",
      () => semaphore.acquire(),
      () => {},
    ),
  );
  semaphore.release();
  assert.is(thrownBy(() => semaphore.release()).code, "ERR_RELEASED_TOO_OFTEN");
  assert.is(String(semaphore), "<BoundedSemaphore [unlocked, value:2]>");
});

test("takes a turn back that nobody gets", async (loop) => {
  const semaphore = new BoundedSemaphore();
  await loop.runUntilComplete(
    awaiting(
      loop,
      "generator",
      () => semaphore.acquire(),
      () => {},
    ),
  );
  const task = awaiting(
    loop,
    "generator",
    () => semaphore.acquire(),
    () => assert.unreachable(),
  );
  await iterate(loop);
  semaphore.release();
  task.cancel();
  await iterate(loop);
  assert.not(semaphore.locked());
  assert.is(thrownBy(() => semaphore.release()).code, "ERR_RELEASED_TOO_OFTEN");
});

test.run();
