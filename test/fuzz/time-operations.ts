/** Operations on groups of tasks, time limits, and what is taken in the order in which it is done. */
import fc from "fast-check";
import {
  asCompleted,
  type TaskBody,
  type TaskGroup,
  type Timeout,
  taskGroup,
  timeout,
  timeoutAt,
} from "../../host/index.js";
import { awaited, awaitedOf } from "./loop-operations.js";
import { type Kind, kind } from "./operation.js";
import { anyBody, bodyKind, bodyOf } from "./sync-moves.js";
import type { TaskBody as RandomBody } from "./task-bodies.js";
import { choice, delay, junk } from "./values.js";
import { olderThanNow, pick, type World } from "./world.js";

const limit = fc.option(delay);

/** A moment that is so far from now; what is no number is none there either. */
function moment(world: World, value: unknown): number {
  return (typeof value === "number" ? world.loop.time() + value : value) as number;
}

const withLimit = (world: World, number: number, action: (limit: Timeout) => unknown): unknown => {
  const one = pick(world.limits, number);
  return one === undefined ? undefined : action(one);
};

export const timeOperations: Record<string, Kind> = {
  taskGroup: kind(
    [fc.array(fc.oneof({ weight: 6, arbitrary: anyBody }, { weight: 1, arbitrary: junk }), { maxLength: 3 }), bodyKind],
    (world, children, body) => {
      const older = olderThanNow(world);
      const first = bodyOf(world, body, (group: TaskGroup) => {
        world.groups.push({ group, older });
        for (const child of children) addChild(world, world.groups.length - 1, child);
      });
      world.keep(taskGroup(first));
    },
    4,
  ),
  "group.createTask": kind([choice, fc.oneof(anyBody, junk)], addChild, 2),
  "group.toString": kind([choice], (world, number) => String(pick(world.groups, number)?.group)),
  timeout: kind(
    [limit, bodyKind],
    (world, seconds, body) =>
      world.keep(
        timeout(
          seconds as number,
          bodyOf(world, body, (one: Timeout) => void world.limits.push(one)),
        ),
      ),
    3,
  ),
  timeoutAt: kind([limit, bodyKind], (world, value, body) =>
    world.keep(
      timeoutAt(
        moment(world, value),
        bodyOf(world, body, (one: Timeout) => void world.limits.push(one)),
      ),
    ),
  ),
  "limit.reschedule": kind(
    [choice, limit],
    (world, number, value) => withLimit(world, number, (one) => one.reschedule(moment(world, value))),
    3,
  ),
  "limit.toString": kind([choice], (world, number) =>
    withLimit(world, number, (one) => [String(one), one.when(), one.expired()]),
  ),
  asCompleted: kind(
    [
      fc.oneof({ weight: 6, arbitrary: fc.array(awaited, { maxLength: 4 }) }, { weight: 1, arbitrary: junk }),
      fc.oneof({ weight: 6, arbitrary: fc.record({ timeout: limit }) }, { weight: 1, arbitrary: junk }),
    ],
    (world, values, options) => {
      const several = Array.isArray(values) ? values.map((value) => awaitedOf(world, value)) : values;
      world.completions.push(asCompleted(several as never, options as never));
    },
    2,
  ),
  "completions.next": kind([choice], (world, number) => world.keep(pick(world.completions, number)?.next().value), 4),
  "completions.return": kind([choice], (world, number) => pick(world.completions, number)?.return?.()),
};

/** Adds a task to a group that there is. It waits for nothing that may wait for the group. */
function addChild(world: World, number: number, child: unknown): void {
  const chosen = pick(world.groups, number);
  if (chosen === undefined) return;
  const body = isBody(child) ? child.of(world, chosen.older) : child;
  const task = chosen.group.createTask(body as TaskBody<unknown>);
  world.tasks.push(task);
}

function isBody(value: unknown): value is RandomBody {
  return typeof (value as { of?: unknown } | null | undefined)?.of === "function";
}
