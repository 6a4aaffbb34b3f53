/** Operations that only look: texts, stacks and trees, at any moment. */
import { inspect } from "node:util";
import fc from "fast-check";
import {
  captureCallGraph,
  type EventLoop,
  formatCallGraph,
  formatTaskTree,
  printCallGraph,
  printTaskTree,
} from "../../host/index.js";
import { type Kind, kind } from "./operation.js";
import { choice, junk } from "./values.js";
import { Planted, pick, type World } from "./world.js";

const limit: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(null, 0, 1, 5) },
  { weight: 1, arbitrary: junk },
);

const file = fc.constantFrom("takes", "throws").map((what) => ({
  write(): void {
    if (what === "throws") throw new Planted("in a file");
  },
}));

/** What has a text of its own. */
const pools = fc.constantFrom(
  ...([
    "handles",
    "futures",
    "tasks",
    "sockets",
    "servers",
    "transports",
    "endpoints",
    "locks",
    "conditions",
    "events",
    "semaphores",
    "barriers",
    "queues",
    "groups",
    "limits",
    "streams",
    "pipes",
  ] as const satisfies readonly (keyof World)[]),
);

/** A task or another future, the current task, or what is none. */
const start = fc.oneof(
  { weight: 3, arbitrary: fc.record({ task: choice }) },
  { weight: 3, arbitrary: fc.record({ future: choice }) },
  { weight: 1, arbitrary: fc.constantFrom(undefined, null) },
  { weight: 1, arbitrary: fc.record({ junk }) },
);

function startOf(world: World, value: { task?: number; future?: number; junk?: unknown } | null | undefined): never {
  if (value?.task !== undefined) return pick(world.tasks, value.task) as never;
  return (value?.future === undefined ? value?.junk : pick(world.futures, value.future)) as never;
}

/** The loop, none, or what is none. */
const loopOf = ({ loop, foreign }: World, which: string): EventLoop | undefined =>
  which === "ours" ? loop : which === "another" ? foreign : undefined;

const whichLoop = fc.constantFrom("ours", "another", "the running one");

export const textOperations: Record<string, Kind> = {
  "a text of": kind(
    [pools, choice, fc.boolean()],
    (world, pool, number, inspected) => {
      const one = pick<unknown>(world[pool], number);
      return inspected ? inspect(one) : String(one);
    },
    3,
  ),
  "task.getStack": kind(
    [choice, limit],
    (world, number, most) => pick(world.tasks, number)?.getStack({ limit: most as number }),
    2,
  ),
  "task.printStack": kind([choice, limit, file], (world, number, most, to) =>
    pick(world.tasks, number)?.printStack({ limit: most as number, file: to }),
  ),
  captureCallGraph: kind(
    [start, limit],
    (world, value, most) => captureCallGraph(startOf(world, value), { limit: most as number }),
    2,
  ),
  formatCallGraph: kind([start], (world, value) => formatCallGraph(startOf(world, value))),
  printCallGraph: kind([start, limit, file], (world, value, most, to) =>
    printCallGraph(startOf(world, value), { limit: most as number, file: to }),
  ),
  formatTaskTree: kind([whichLoop], (world, which) => formatTaskTree(loopOf(world, which))),
  printTaskTree: kind([whichLoop, file], (world, which, to) => printTaskTree(loopOf(world, which), { file: to })),
};
