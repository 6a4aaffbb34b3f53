/** Coroutines of random programs: a list of steps, run by a generator or by an async function. */
import fc from "fast-check";
import { type Coroutine, currentTask, FatalError, sleep } from "../../host/index.js";
import { choice, delay, junk } from "./values.js";
import { type Older, olderThanNow, Planted, pick, type World } from "./world.js";

/** One step of a coroutine. */
type Step =
  | { readonly do: "turn" | "throw" | "return" | "cancel myself" | "throw junk" }
  | { readonly do: "sleep"; readonly delay: unknown }
  | { readonly do: "future" | "task" | "swallow"; readonly choice: number }
  | { readonly do: "yield junk"; readonly junk: unknown };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Step>({ do: "turn" }) },
  { weight: 3, arbitrary: delay.map((value): Step => ({ do: "sleep", delay: value })) },
  { weight: 3, arbitrary: choice.map((value): Step => ({ do: "future", choice: value })) },
  { weight: 2, arbitrary: choice.map((value): Step => ({ do: "task", choice: value })) },
  { weight: 2, arbitrary: choice.map((value): Step => ({ do: "swallow", choice: value })) },
  { weight: 1, arbitrary: junk.map((value): Step => ({ do: "yield junk", junk: value })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Step>({ do: "throw" }, { do: "return" }, { do: "cancel myself" }, { do: "throw junk" }),
  },
);

/** A coroutine as data, and the function that runs it. */
export interface TaskBody {
  readonly form: "generator" | "async";
  readonly steps: readonly unknown[];
  /** @param older what it may wait for, which is as much as there is now unless something else is said */
  of(world: World, older?: Older): () => Coroutine<unknown> | Promise<unknown>;
}

export const taskBody: fc.Arbitrary<TaskBody> = fc
  .record({ form: fc.constantFrom("generator" as const, "async" as const), steps: fc.array(step, { maxLength: 6 }) })
  .map(({ form, steps }) => ({
    form,
    steps,
    of: (world, older = olderThanNow(world)) => {
      return form === "generator" ? () => generator(older, steps) : () => asyncFunction(older, steps);
    },
  }));

function* generator(older: Older, steps: readonly Step[]): Coroutine<unknown> {
  for (const one of steps) {
    switch (one.do) {
      case "turn":
        yield;
        break;
      case "sleep":
        yield* sleep(one.delay as never);
        break;
      case "future": {
        const future = pick(older.futures, one.choice);
        if (future !== undefined) yield* future;
        break;
      }
      case "task": {
        const task = pick(older.tasks, one.choice);
        if (task !== undefined) yield* task;
        break;
      }
      case "swallow":
        try {
          yield* pick(older.futures, one.choice) ?? sleep(0);
        } catch (error) {
          if (error instanceof FatalError) throw error;
        }
        break;
      case "yield junk":
        yield one.junk as never;
        break;
      default:
        if (endsWith(one.do)) return one.do;
    }
  }
  return steps.length;
}

async function asyncFunction(older: Older, steps: readonly Step[]): Promise<unknown> {
  for (const one of steps) {
    switch (one.do) {
      case "turn":
        await sleep(0);
        break;
      case "sleep":
        await sleep(one.delay as never);
        break;
      case "future":
        await pick(older.futures, one.choice);
        break;
      case "task":
        await pick(older.tasks, one.choice);
        break;
      case "swallow":
        try {
          await pick(older.futures, one.choice);
        } catch (error) {
          if (error instanceof FatalError) throw error;
        }
        break;
      case "yield junk":
        await one.junk;
        break;
      default:
        if (endsWith(one.do)) return one.do;
    }
  }
  return steps.length;
}

/** The steps that wait for nothing. Returns whether the coroutine ends here. */
function endsWith(what: "throw" | "return" | "cancel myself" | "throw junk"): boolean {
  if (what === "throw") throw new Planted("in a task");
  if (what === "throw junk") throw Object.assign(new Error("junk"), { code: "PLANTED" });
  if (what === "cancel myself") currentTask()?.cancel("myself");
  return what === "return";
}
