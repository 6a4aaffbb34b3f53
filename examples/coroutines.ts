/**
 * Coroutines: the same thing as a generator and as an async function. Tasks run side by side, and both kinds take a cancellation at
 * the very point where they wait.
 *
 *   node out/examples/coroutines.js
 */
import { CancelledError, type Coroutine, getRunningLoop, run, sleep } from "wasyncio";

/** A generator coroutine: `yield*` waits. */
function* brew(drink: string, seconds: number): Coroutine<string> {
  try {
    yield* sleep(seconds);
    return `${drink} is ready`;
  } catch (error) {
    console.log(`${drink}: ${error}`);
    throw error;
  }
}

/** The same as an async function: `await` waits. */
async function brewAsync(drink: string, seconds: number): Promise<string> {
  try {
    await sleep(seconds);
    return `${drink} is ready`;
  } catch (error) {
    console.log(`${drink}: ${error}`);
    throw error;
  }
}

await run(function* () {
  const loop = getRunningLoop();

  // All four tasks wait at the same time: this takes 0.2 s, and not 0.3 s.
  const tea = loop.createTask(brew("tea", 0.2));
  const coffee = loop.createTask(() => brewAsync("coffee", 0.1));
  const wine = loop.createTask(brew("wine", 1e8));
  const whisky = loop.createTask(() => brewAsync("whisky", 1e8));
  console.log(yield* coffee);
  console.log(yield* tea);

  // Nobody waits that long.
  for (const task of [wine, whisky]) {
    task.cancel("closing time");
    try {
      yield* task;
    } catch (error) {
      if (!(error instanceof CancelledError)) throw error;
      console.log(`cancelled: ${task.cancelled()}`);
    }
  }
});
