/** Bad input to calls, tasks, runs and what waits for several things. */
import {
  ensureFuture,
  gather,
  RuntimeError,
  run,
  setEventLoop,
  shield,
  sleep,
  UnsupportedError,
  ValueError,
  wait,
  waitFor,
} from "../../../host/index.js";
import { each, notAwaitable, notCallable, notNumbers, type Row } from "./rows.js";
import { whileRunning } from "./scene.js";

export const loopCalls: Record<string, Row[]> = {
  callSoon: each("callback", notCallable, ({ loop }, value) => loop.callSoon(value), TypeError, "ERR_NOT_CALLABLE"),
  callSoonThreadsafe: each(
    "callback",
    notCallable,
    ({ loop }, value) => loop.callSoonThreadsafe(value),
    TypeError,
    "ERR_NOT_CALLABLE",
  ),
  callLater: [
    ...each("delay", notNumbers, ({ loop }, value) => loop.callLater(value, () => {}), TypeError, "ERR_NOT_A_NUMBER"),
    ...each("callback", notCallable, ({ loop }, value) => loop.callLater(1, value), TypeError, "ERR_NOT_CALLABLE"),
    ["delay NaN", ({ loop }) => loop.callLater(Number.NaN, () => {}), ValueError, "ERR_BAD_TIME"],
  ],
  callAt: [
    ...each("time", notNumbers, ({ loop }, value) => loop.callAt(value, () => {}), TypeError, "ERR_NOT_A_NUMBER"),
    ...each("callback", notCallable, ({ loop }, value) => loop.callAt(1, value), TypeError, "ERR_NOT_CALLABLE"),
    ["time NaN", ({ loop }) => loop.callAt(Number.NaN, () => {}), ValueError, "ERR_BAD_TIME"],
  ],
  createTask: [
    ...each(
      "name",
      [null, 7, {}, Symbol("name")],
      ({ loop }, name) => loop.createTask(async () => {}, { name }),
      TypeError,
      "ERR_INVALID_ARG_TYPE",
    ),
    ...each(
      "options",
      [null, 1, "x"],
      ({ loop }, value) => loop.createTask(async () => {}, value),
      TypeError,
      "ERR_INVALID_ARG_TYPE",
    ),
    [
      "unknown option",
      ({ loop }) => loop.createTask(async () => {}, { nam: "x" } as never),
      TypeError,
      "ERR_UNKNOWN_OPTION",
    ],
    ...each(
      "coroutine",
      [...notAwaitable, Promise.resolve()],
      ({ loop }, value) => loop.createTask(value),
      TypeError,
      "ERR_NOT_A_COROUTINE",
    ),
    [
      "what returns no coroutine",
      ({ loop }) => loop.runUntilComplete(loop.createTask((() => 1) as never)),
      TypeError,
      "ERR_NOT_A_COROUTINE",
    ],
  ],
  setTaskFactory: each(
    "factory",
    notCallable.filter((value) => value !== null),
    ({ loop }, value) => loop.setTaskFactory(value),
    TypeError,
    "ERR_NOT_CALLABLE",
  ),
  setExceptionHandler: each(
    "handler",
    notCallable.filter((value) => value !== null),
    ({ loop }, value) => loop.setExceptionHandler(value),
    TypeError,
    "ERR_NOT_CALLABLE",
  ),
  runUntilComplete: [
    ...each(
      "awaitable",
      notAwaitable,
      ({ loop }, value) => loop.runUntilComplete(value),
      TypeError,
      "ERR_NOT_AWAITABLE",
    ),
    [
      "future of another loop",
      ({ loop, foreignFuture }) => loop.runUntilComplete(foreignFuture),
      ValueError,
      "ERR_FOREIGN_FUTURE",
    ],
    [
      "on a running loop",
      ({ loop }) => whileRunning(loop, () => loop.runUntilComplete(Promise.resolve())),
      RuntimeError,
      "ERR_LOOP_RUNNING",
    ],
    [
      "while another runs",
      ({ loop, foreign }) => whileRunning(loop, () => foreign.runUntilComplete(Promise.resolve())),
      RuntimeError,
      "ERR_ANOTHER_LOOP_RUNNING",
    ],
  ],
  runForever: [
    ["on a running loop", ({ loop }) => whileRunning(loop, () => loop.runForever()), RuntimeError, "ERR_LOOP_RUNNING"],
    [
      "while another runs",
      ({ loop, foreign }) => whileRunning(loop, () => foreign.runForever()),
      RuntimeError,
      "ERR_ANOTHER_LOOP_RUNNING",
    ],
  ],
  runForeverSync: [
    [
      "on a running loop",
      ({ loop }) => whileRunning(loop, async () => loop.runForeverSync()),
      RuntimeError,
      "ERR_LOOP_RUNNING",
    ],
    [
      "while another runs",
      ({ loop, foreign }) => whileRunning(loop, async () => foreign.runForeverSync()),
      RuntimeError,
      "ERR_ANOTHER_LOOP_RUNNING",
    ],
  ],
  runUntilCompleteSync: [
    ...each(
      "awaitable",
      notAwaitable,
      ({ loop }, value) => loop.runUntilCompleteSync(value),
      TypeError,
      "ERR_NOT_AWAITABLE",
    ),
    [
      "promise",
      ({ loop }) => loop.runUntilCompleteSync(Promise.resolve() as never),
      UnsupportedError,
      "ERR_BLOCKING_RUN",
    ],
    [
      "future of another loop",
      ({ loop, foreignFuture }) => loop.runUntilCompleteSync(foreignFuture),
      ValueError,
      "ERR_FOREIGN_FUTURE",
    ],
    [
      "on a running loop",
      ({ loop }) => whileRunning(loop, async () => loop.runUntilCompleteSync(loop.createFuture())),
      RuntimeError,
      "ERR_LOOP_RUNNING",
    ],
  ],
  close: [
    ["on a running loop", ({ loop }) => whileRunning(loop, async () => loop.close()), RuntimeError, "ERR_LOOP_RUNNING"],
  ],
  run: [
    ...each("program", notAwaitable, (_scene, value) => run(value), TypeError, "ERR_NOT_AWAITABLE"),
    [
      "within a loop",
      ({ loop }) => whileRunning(loop, () => run(async () => {})),
      RuntimeError,
      "ERR_ANOTHER_LOOP_RUNNING",
    ],
    ...each(
      "signal",
      [null, 1, "SIGINT", {}],
      (_scene, signal) => run(async () => {}, { signal }),
      TypeError,
      "ERR_NOT_A_SIGNAL",
    ),
  ],
  setEventLoop: each(
    "loop",
    [undefined, 1, "text", {}],
    (_scene, value) => setEventLoop(value),
    TypeError,
    "ERR_NOT_A_LOOP",
  ),
  ensureFuture: [
    ...each(
      "awaitable",
      notAwaitable,
      ({ loop }, value) => ensureFuture(value, { loop }),
      TypeError,
      "ERR_NOT_AWAITABLE",
    ),
    ...each(
      "loop",
      [null, 1, {}],
      (_scene, loop) => ensureFuture(Promise.resolve(), { loop }),
      TypeError,
      "ERR_NOT_A_LOOP",
    ),
    [
      "future of another loop",
      ({ loop, foreignFuture }) => ensureFuture(foreignFuture, { loop }),
      ValueError,
      "ERR_FOREIGN_FUTURE",
    ],
  ],
  sleep: [
    ["without a running loop", () => sleep(1), RuntimeError, "ERR_NO_RUNNING_LOOP"],
    ...each(
      "delay",
      notNumbers,
      ({ loop }, value) => whileRunning(loop, async () => sleep(value)),
      TypeError,
      "ERR_NOT_A_NUMBER",
    ),
    ["delay NaN", ({ loop }) => whileRunning(loop, async () => sleep(Number.NaN)), ValueError, "ERR_BAD_TIME"],
  ],
  "gather, shield, wait and waitFor": [
    ...each(
      "gathered",
      notAwaitable,
      ({ loop }, value) => whileRunning(loop, async () => gather([value])),
      TypeError,
      "ERR_NOT_AWAITABLE",
    ),
    ...each(
      "shielded",
      notAwaitable,
      ({ loop }, value) => whileRunning(loop, async () => shield(value)),
      TypeError,
      "ERR_NOT_AWAITABLE",
    ),
    ...each(
      "waited for",
      notAwaitable,
      ({ loop }, value) => whileRunning(loop, async () => waitFor(value, 1)),
      TypeError,
      "ERR_NOT_AWAITABLE",
    ),
    [
      "futures of two loops",
      ({ loop, foreignFuture }) => gather([loop.createFuture(), foreignFuture]),
      ValueError,
      "ERR_FOREIGN_FUTURE",
    ],
    [
      "nothing to wait for",
      ({ loop }) => whileRunning(loop, async () => wait([])),
      ValueError,
      "ERR_NOTHING_TO_WAIT_FOR",
    ],
    ["timeout NaN", ({ loop }) => wait([loop.createFuture()], { timeout: Number.NaN }), ValueError, "ERR_BAD_TIME"],
    ["timeout of a string", ({ loop }) => waitFor(loop.createFuture(), "1" as never), TypeError, "ERR_NOT_A_NUMBER"],
  ],
};
