/**
 * Random programs over the public API, with valid and with invalid arguments, on each kind of loop: nothing crashes, every error is one that
 * the documentation names, and when all is cancelled and closed nothing is left.
 *
 * FUZZ_SECONDS says for how long each test goes on, FUZZ_SEED where it begins; a failure prints both, and the smallest program that fails.
 */
import { readdirSync, readlinkSync } from "node:fs";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { EventLoop } from "../../host/index.js";
import { VirtualEventLoop } from "../../host/testing.js";
import { datagramOperations } from "./datagram-operations.js";
import { fileOperations } from "./file-operations.js";
import { ioOperations } from "./io-operations.js";
import { layerOperations } from "./layer-operations.js";
import { loopOperations } from "./loop-operations.js";
import { networkOperations } from "./network-operations.js";
import { type Kind, type Operation, operationOf, perform } from "./operation.js";
import { syncOperations } from "./sync-operations.js";
import { textOperations } from "./text-operations.js";
import { timeOperations } from "./time-operations.js";
import { World } from "./world.js";

const seconds = Number(process.env.FUZZ_SECONDS ?? 4);
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);

/** Where an operation is performed. */
const place = fc.constantFrom("here", "callback", "timer", "generator", "async", "done callback");

/** Some operations, and then some iterations. */
interface Phase {
  readonly operations: readonly { readonly place: string; readonly operation: Operation }[];
  readonly iterations: number;
}

const test = suite("random programs");

const anywhere = {
  ...loopOperations,
  ...syncOperations,
  ...timeOperations,
  ...datagramOperations,
  ...textOperations,
};

const arms: [string, () => EventLoop, Record<string, Kind>][] = [
  ["a virtual loop", () => new VirtualEventLoop(), { ...anywhere, ...networkOperations }],
  ["a real loop", () => new EventLoop(), { ...anywhere, ...ioOperations, ...fileOperations, ...layerOperations }],
];

for (const [name, makeLoop, kinds] of arms) {
  test(`do no harm on ${name}`, async () => {
    const phase: fc.Arbitrary<Phase> = fc.record({
      operations: fc.array(fc.record({ place, operation: operationOf(kinds) }), { maxLength: 12 }),
      iterations: fc.nat({ max: 4 }),
    });
    let programs = 0;
    let last: Promise<void> = Promise.resolve();
    const property = fc.asyncProperty(fc.array(phase, { maxLength: 6 }), async (phases) => {
      programs++;
      last = runProgram(makeLoop, kinds, phases).catch((error: Error) => {
        error.message = `${error.message}\nin ${fc.stringify(phases)}`;
        throw error;
      });
      await last;
    });
    const result = await fc.check(property, { seed, numRuns: 1_000_000, interruptAfterTimeLimit: seconds * 1000 });
    console.log(`\n${programs} programs on ${name}, seed ${seed}`);
    if (result.counterexample !== null) {
      const { message } = result.errorInstance as Error;
      assert.unreachable(`${fc.defaultReportMessage(result)}\n${message}`);
    }
    // The time limit does not wait for the one that runs just then, which may be waiting for a descriptor that was leaked.
    await last;
  });
}

async function runProgram(
  makeLoop: () => EventLoop,
  kinds: Record<string, Kind>,
  phases: readonly Phase[],
): Promise<void> {
  const descriptors = openDescriptors();
  const loop = makeLoop();
  const world = new World(loop);
  const rejected = (error: unknown): unknown => world.faults.push(`nobody handled a rejection: ${String(error)}`);
  process.on("unhandledRejection", rejected);
  try {
    for (const { operations, iterations } of phases) {
      for (const one of operations) world.attempt("placing", () => performAt(world, kinds, one));
      await world.iterate(iterations);
    }
    await world.end();
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off("unhandledRejection", rejected);
    if (!loop.isClosed()) loop.close();
  }
  if (!(await hasAtMost(descriptors.length))) {
    const left = openDescriptors().filter((one) => !descriptors.includes(one));
    world.faults.push(`descriptors are left: ${left.join(", ")}`);
  }
  if (world.faults.length > 0) throw new Error(world.faults.join("\n"));
}

/**
 * Whether no more descriptors are open than that, in the end. A name that is still being looked up reads files in another thread, and asks a name
 * server that may not answer: the C library gives it up after some ten seconds.
 */
async function hasAtMost(descriptors: number): Promise<boolean> {
  for (let patience = 6000; patience > 0; patience--) {
    // Once is enough: a lookup that goes on opens one file after the other.
    if (openDescriptors().length <= descriptors) return true;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return false;
}

/** libuv opens it with its first stream, for when no other descriptor is left, and keeps it. */
const RESERVE = "/dev/null";

/** What is open, as `19 -> socket:[4711]`; the one that lists them is gone again. */
function openDescriptors(): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target === RESERVE ? [] : [`${fd} -> ${target}`];
    } catch {
      return [];
    }
  });
}

function performAt(world: World, kinds: Record<string, Kind>, { place, operation }: Phase["operations"][number]): void {
  const { loop } = world;
  const action = (): void => perform(kinds, world, operation);
  if (place === "here") action();
  else if (place === "callback") loop.callSoon(action);
  else if (place === "timer") loop.callLater(0, action);
  else if (place === "generator") {
    loop.createTask(function* () {
      action();
      yield;
      action();
    });
  } else if (place === "async") {
    loop.createTask(async () => {
      action();
      await null;
      action();
    });
  } else {
    const future = loop.createFuture();
    future.addDoneCallback(action);
    future.setResult(null);
  }
}

test.run();
