/**
 * Executors: work that would hold the loop up goes to threads, while the loop goes on.
 *
 *   node out/examples/executor.js
 */
import { type Coroutine, getRunningLoop, ProcessPoolExecutor, run, toThread, workerFunction } from "wasyncio";

/** Stands alone, so it can be sent by its source. */
function countPrimes(limit: number): number {
  let count = 0;
  for (let n = 2; n < limit; n++) {
    let divisor = 2;
    while (divisor * divisor <= n && n % divisor !== 0) divisor++;
    if (divisor * divisor > n) count++;
  }
  return count;
}

const LIMIT = 50_000;

/** Uses a variable of its module, so it is sent by name, and the worker imports the module. */
export function countUpTo(): number {
  return countPrimes(LIMIT);
}

function* main(): Coroutine<void> {
  const loop = getRunningLoop();
  let turns = 0;
  const ticking = loop.createTask(function* (): Coroutine<void> {
    for (;;) {
      turns++;
      yield;
    }
  });
  console.log(`in a thread: ${yield* toThread(countPrimes, LIMIT)} primes`);
  console.log(`the loop went on meanwhile: ${turns > 1}`);
  ticking.cancel();

  const processes = new ProcessPoolExecutor({ maxWorkers: 1 });
  const named = workerFunction<typeof countUpTo>(import.meta.url, "countUpTo");
  console.log(`in a process: ${yield* loop.runInExecutor(processes, named)} primes`);
  void processes.shutdown({ wait: false });
}

// A worker that imports this module for its export is not to run the program once more.
if (process.argv[1]?.endsWith("executor.js")) await run(main);
