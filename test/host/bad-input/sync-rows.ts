/** Bad input to locks, queues, groups of tasks and time limits. */
import {
  asCompleted,
  Barrier,
  BoundedSemaphore,
  Condition,
  Lock,
  PriorityQueue,
  Queue,
  RuntimeError,
  Semaphore,
  taskGroup,
  timeout,
  timeoutAt,
  ValueError,
} from "../../../host/index.js";
import { each, notAwaitable, notCallable, notNumbers, type Row } from "./rows.js";
import { whileRunning } from "./scene.js";

const body = async (): Promise<void> => {};
const notIntegers = [0.5, Number.NaN, Number.POSITIVE_INFINITY];

export const syncCalls: Record<string, Row[]> = {
  "locks and the like": [
    ...each(
      "with",
      notCallable,
      ({ loop }, value) => whileRunning(loop, async () => new Lock().with(value)),
      TypeError,
      "ERR_NOT_CALLABLE",
    ),
    ["release of a lock that nobody has", () => new Lock().release(), RuntimeError, "ERR_NOT_LOCKED"],
    ["acquire without a loop", () => new Lock().acquire(), RuntimeError, "ERR_NO_RUNNING_LOOP"],
    ...each("lock", [null, 1, {}], (_, value) => new Condition(value), TypeError, "ERR_NOT_A_LOCK"),
    ["notify without the lock", () => new Condition().notify(), RuntimeError, "ERR_NOT_LOCKED"],
    ...each("n", [-1, ...notIntegers], (_, n) => new Condition().notify(n), ValueError, "ERR_OUT_OF_RANGE"),
    ...each("value", [-1, ...notIntegers], (_, value) => new Semaphore(value), ValueError, "ERR_OUT_OF_RANGE"),
    ...each("value", [null, "1", {}], (_, value) => new BoundedSemaphore(value), TypeError, "ERR_INVALID_ARG_TYPE"),
    ["released too often", () => new BoundedSemaphore().release(), ValueError, "ERR_RELEASED_TOO_OFTEN"],
    ...each("parties", [0, -1, ...notIntegers], (_, value) => new Barrier(value), ValueError, "ERR_OUT_OF_RANGE"),
    ...each("parties", notNumbers, (_, value) => new Barrier(value), TypeError, "ERR_INVALID_ARG_TYPE"),
  ],
  queues: [
    ...each("maxsize", notIntegers, (_, value) => new Queue(value), ValueError, "ERR_OUT_OF_RANGE"),
    ...each("maxsize", [null, "1", {}], (_, value) => new Queue(value), TypeError, "ERR_INVALID_ARG_TYPE"),
    ...each("compare", [null, 1, {}], (_, value) => new PriorityQueue(0, value), TypeError, "ERR_NOT_CALLABLE"),
    ["taskDone without a task", () => new Queue().taskDone(), ValueError, "ERR_TASK_DONE_TOO_OFTEN"],
    ["get without a loop", () => new Queue().get(), RuntimeError, "ERR_NO_RUNNING_LOOP"],
  ],
  "timeout and timeoutAt": [timeout, timeoutAt].flatMap((call) => [
    ...each(
      `${call.name} seconds`,
      notNumbers.filter((value) => value !== null),
      ({ loop }, value) => whileRunning(loop, async () => call(value, body)),
      TypeError,
      "ERR_NOT_A_NUMBER",
    ),
    ...each(
      `${call.name} body`,
      notCallable,
      ({ loop }, value) => whileRunning(loop, async () => call(1, value)),
      TypeError,
      "ERR_NOT_CALLABLE",
    ),
    [`${call.name} NaN`, () => call(Number.NaN, body), ValueError, "ERR_BAD_TIME"] satisfies Row,
    [`${call.name} without a loop`, () => call(1, body), RuntimeError, "ERR_NO_RUNNING_LOOP"] satisfies Row,
  ]),
  taskGroup: [
    ...each("body", notCallable, (_, value) => taskGroup(value), TypeError, "ERR_NOT_CALLABLE"),
    ["without a loop", () => taskGroup(body), RuntimeError, "ERR_NO_RUNNING_LOOP"],
  ],
  asCompleted: [
    ...each(
      "one",
      notAwaitable,
      ({ loop }, value) => whileRunning(loop, async () => asCompleted([value])),
      TypeError,
      "ERR_NOT_AWAITABLE",
    ),
    ["no array", ({ loop }) => asCompleted(loop.createFuture() as never), TypeError, "ERR_INVALID_ARG_TYPE"],
    [
      "timeout NaN",
      ({ loop }) => asCompleted([loop.createFuture()], { timeout: Number.NaN }),
      ValueError,
      "ERR_BAD_TIME",
    ],
    [
      "futures of two loops",
      ({ loop, foreignFuture }) => asCompleted([loop.createFuture(), foreignFuture]),
      ValueError,
      "ERR_FOREIGN_FUTURE",
    ],
  ],
};
