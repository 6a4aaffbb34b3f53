/** `Runner`: several programs on one loop, and the options that `run` shares with it. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  CancelledError,
  type EventLoop,
  getEventLoop,
  getRunningLoop,
  newEventLoop,
  Runner,
  run,
  setEventLoop,
  sleep,
  type Task,
} from "../../../host/index.js";
import { VirtualEventLoop } from "../../../host/testing.js";
import { leakChecked } from "../../support/leaks.js";
import { rejection } from "./both-loops.js";

const test = leakChecked(suite("Runner"));

test("runs programs one after the other on one loop", async () => {
  const runner = new Runner();
  const loops: EventLoop[] = [];
  for (const answer of ["first", "second"]) {
    const program = async () => {
      loops.push(getRunningLoop());
      return await sleep(0, answer);
    };
    assert.is(await runner.run(program), answer);
  }
  assert.is(loops[0], loops[1]);
  assert.is(runner.getLoop(), loops[0]);
  assert.not.ok(loops[0]?.isClosed());
  await runner.close();
  assert.ok(loops[0]?.isClosed());
});

test("what a program leaves running goes on with the next one, and is cancelled by close", async () => {
  await using runner = new Runner({ loopFactory: () => new VirtualEventLoop() });
  const trace: string[] = [];
  function* background() {
    try {
      for (let n = 1; ; n++) {
        yield* sleep(1);
        trace.push(`tick ${n}`);
      }
    } finally {
      yield* sleep(1);
      trace.push("cleaned up");
    }
  }
  let task: Task<void> | undefined;
  await runner.run(async () => {
    task = getRunningLoop().createTask(background);
    await sleep(1.5);
    trace.push("first is done");
  });
  await runner.run(async () => {
    trace.push("second begins");
    await sleep(1);
  });
  assert.not.ok(task?.done());
  await runner.close();
  assert.equal(trace, ["tick 1", "first is done", "second begins", "tick 2", "cleaned up"]);
  assert.ok(task?.cancelled());
});

test("goes on after a program that has failed", async () => {
  await using runner = new Runner();
  const error = new Error("mine");
  const fails = async () => {
    throw error;
  };
  assert.is(await rejection(runner.run(fails)), error);
  assert.is(await runner.run(async () => "next"), "next");
});

test("makes its loop when it is first needed, and sets it until it is closed", async () => {
  const before = newEventLoop();
  setEventLoop(before);
  const runner = new Runner();
  assert.is(getEventLoop(), before);
  const loop = runner.getLoop();
  assert.is(getEventLoop(), loop);
  await runner.close();
  assert.is(getEventLoop(), before);
  setEventLoop(null);
  before.close();
});

test("one that was never used has no loop to close", async () => {
  let made = 0;
  const runner = new Runner({
    loopFactory: () => {
      made++;
      return newEventLoop();
    },
  });
  await runner.close();
  assert.is(made, 0);
});

test("loopFactory makes the loop, once, and does not set it", async () => {
  const made: EventLoop[] = [];
  const loopFactory = () => {
    const loop = new VirtualEventLoop();
    made.push(loop);
    return loop;
  };
  const before = newEventLoop();
  setEventLoop(before);
  const runner = new Runner({ loopFactory });
  assert.is(await runner.run(async () => getRunningLoop()), made[0]);
  assert.is(await runner.run(async () => getRunningLoop()), made[0]);
  assert.is(getEventLoop(), before);
  await runner.close();
  assert.is(made.length, 1);

  assert.is(await run(async () => getRunningLoop(), { loopFactory }), made[1]);
  assert.ok(made[1]?.isClosed());
  assert.is(getEventLoop(), before);
  setEventLoop(null);
  before.close();
});

test("a run on a virtual loop takes no time", async () => {
  const seconds = await run(
    async () => {
      await sleep(86_400);
      return getRunningLoop().time();
    },
    { loopFactory: () => new VirtualEventLoop() },
  );
  assert.is(seconds, 86_400);
});

test("debug turns debug mode on or off", async () => {
  for (const debug of [true, false]) {
    await using runner = new Runner({ debug });
    assert.is(runner.getLoop().getDebug(), debug);
  }
});

test("signal cancels one program, and not the next", async () => {
  await using runner = new Runner();
  const controller = new AbortController();
  setTimeout(() => controller.abort("by the test"), 2);
  const error = await rejection(runner.run(async () => sleep(3600), { signal: controller.signal }));
  assert.instance(error, CancelledError);
  assert.is(error.message, "by the test");
  assert.is(await runner.run(async () => sleep(0, "next")), "next");
});

test("SIGINT cancels the program that runs, be it the first or a later one", async () => {
  await using runner = new Runner();
  for (let round = 1; round <= 2; round++) {
    const program = async () => {
      setImmediate(() => process.kill(process.pid, "SIGINT"));
      await sleep(3600);
    };
    assert.is((await rejection(runner.run(program))).name, "KeyboardInterrupt");
    assert.is(process.listenerCount("SIGINT"), 0);
  }
});

test("a handler of SIGINT that a program has added stays until close", async () => {
  const runner = new Runner();
  await runner.run(async () => getRunningLoop().addSignalHandler("SIGINT", () => {}));
  assert.is(process.listenerCount("SIGINT"), 1);
  await runner.run(async () => {});
  assert.is(process.listenerCount("SIGINT"), 1);
  await runner.close();
  assert.is(process.listenerCount("SIGINT"), 0);
});

test("once closed it stays so", async () => {
  const runner = new Runner();
  await runner.run(async () => {});
  await Promise.all([runner.close(), runner.close()]);
  await runner.close();
  assert.throws(() => runner.getLoop(), isError("ERR_RUNNER_CLOSED"));
  assert.is((await rejection(runner.run(async () => {}))).code, "ERR_RUNNER_CLOSED");
});

test("neither runs nor closes within a loop that runs", async () => {
  await using runner = new Runner();
  const inner = await runner.run(async () => [
    await rejection(runner.run(async () => {})),
    await rejection(runner.close()),
  ]);
  assert.equal(
    inner.map(({ code }) => code),
    ["ERR_ANOTHER_LOOP_RUNNING", "ERR_ANOTHER_LOOP_RUNNING"],
  );
  assert.is(await runner.run(async () => "still open"), "still open");
});

test("refuses what is no option and no program", async () => {
  const make = (options: unknown) => () => new Runner(options as never);
  assert.throws(make({ loop: 1 }), isError("ERR_UNKNOWN_OPTION"));
  assert.throws(make({ debug: 1 }), isError("ERR_INVALID_ARG_TYPE"));
  assert.throws(make({ loopFactory: newEventLoop.name }), isError("ERR_NOT_CALLABLE"));
  await using runner = new Runner();
  assert.is((await rejection(runner.run(1 as never))).code, "ERR_NOT_AWAITABLE");
  assert.is((await rejection(runner.run(async () => {}, { signal: 1 as never }))).code, "ERR_NOT_A_SIGNAL");
  assert.is((await rejection(runner.run(async () => {}, { debug: true } as never))).code, "ERR_UNKNOWN_OPTION");
  const noLoop = new Runner({ loopFactory: () => "loop" as never });
  assert.is((await rejection(noLoop.run(async () => {}))).code, "ERR_NOT_A_LOOP");
});

function isError(code: string): (error: unknown) => boolean {
  return (error) => (error as { code?: string }).code === code;
}

test.run();
