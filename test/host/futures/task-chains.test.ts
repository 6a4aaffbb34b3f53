/** Chains and rings of tasks that wait for one another, longer than the stack is deep. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CancelledError, type EventLoop, type Task } from "../../../host/index.js";
import { bothLoops, rejection, runOnce } from "../loop/both-loops.js";

const LENGTH = 10_000;

const test = bothLoops(suite("chains of tasks"));

type Link = (loop: EventLoop, inner: Task<number>) => Task<number>;

const generatorLink: Link = (loop, inner) =>
  loop.createTask(function* () {
    return (yield* inner) + 1;
  });
const asyncLink: Link = (loop, inner) => loop.createTask(async () => (await inner) + 1);
let turn = 0;
const eitherLink: Link = (loop, inner) => (turn++ % 2 ? generatorLink : asyncLink)(loop, inner);

const links: [string, Link][] = [
  ["generators", generatorLink],
  ["async functions", asyncLink],
  ["both by turns", eitherLink],
];

for (const [name, link] of links) {
  test(`a chain of ten thousand ${name} is cancelled from its end to its beginning`, async (loop) => {
    loop.setDebug(false);
    const future = loop.createFuture<number>();
    const first = loop.createTask(async () => await future);
    const chain: Task<number>[] = [first];
    for (let index = 1; index < LENGTH; index++) chain.push(link(loop, chain[index - 1] as Task<number>));
    await runOnce(loop);
    const last = chain[LENGTH - 1] as Task<number>;
    last.cancel("all of them");
    const error = await rejection(loop.runUntilComplete(last));
    assert.instance(error, CancelledError);
    assert.is(error.message, "all of them");
    assert.ok(future.cancelled());
    assert.is(chain.filter((task) => !task.cancelled() || task.cancelling() !== 1).length, 0);
  });

  test(`a chain of ten thousand ${name} passes a result on`, async (loop) => {
    loop.setDebug(false);
    const future = loop.createFuture<number>();
    let last = loop.createTask(async () => await future);
    for (let index = 0; index < LENGTH; index++) last = link(loop, last);
    await runOnce(loop);
    future.setResult(0);
    assert.is(await loop.runUntilComplete(last), LENGTH);
  });

  test(
    `a ring of ${name} can be cancelled without end`,
    async (loop) => {
      const tasks: Task<number>[] = [];
      const placeholder: { task: Task<number> | null } = { task: null };
      const first = loop.createTask(async () => await (placeholder.task as Task<number>));
      tasks.push(first, link(loop, first));
      tasks.push(link(loop, tasks[1] as Task<number>));
      placeholder.task = tasks[2] as Task<number>;
      await runOnce(loop);
      await runOnce(loop);
      assert.ok(first.cancel("out of the ring"));
      assert.ok(tasks.every((task) => task.cancelling() >= 1));
    },
    { leavesPending: true },
  );
}

test("a ring of generators alone is broken by a cancellation", async (loop) => {
  const ring: { task: Task<number> | null } = { task: null };
  const first: Task<number> = loop.createTask(function* () {
    return yield* ring.task as Task<number>;
  });
  ring.task = generatorLink(loop, first);
  await runOnce(loop);
  first.cancel("out");
  assert.instance(await rejection(loop.runUntilComplete(first)), CancelledError);
  assert.instance(await rejection(loop.runUntilComplete(ring.task)), CancelledError);
});

test("ten thousand tasks that wait for one future are all woken", async (loop) => {
  loop.setDebug(false);
  const future = loop.createFuture<number>();
  const tasks = Array.from({ length: LENGTH }, (_, index) =>
    index % 2
      ? loop.createTask(async () => (await future) + index)
      : loop.createTask(function* () {
          return (yield* future) + index;
        }),
  );
  await runOnce(loop);
  future.setResult(1);
  await loop.runUntilComplete(tasks[LENGTH - 1] as Task<number>);
  assert.is(tasks.filter((task, index) => task.result() !== index + 1).length, 0);
});

test.run();
