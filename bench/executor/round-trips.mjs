/**
 * One runner of the executor benchmark: round trips to one worker thread.
 *
 *   node bench/executor/round-trips.mjs RUNNER OPERATIONS UNDER_WAY     prints round trips per second
 *
 * Owns: both programs, which send the same function with the same argument.
 */
import { getRunningLoop, run, ThreadPoolExecutor } from "wasyncio";
import workerpool from "workerpool";

const [runner, operations, underWay] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const increment = (value) => value + 1;

const programs = { workerpool: bare, wasyncio: throughLoop };
console.log(await programs[runner](Math.ceil(operations / 5), operations));

async function bare(...rounds) {
  const pool = workerpool.pool({ maxWorkers: 1, workerType: "thread" });
  const rate = await rates(rounds, async (count) => {
    for (let value = 0; value < count; ) value = await pool.exec(increment, [value]);
  });
  await pool.terminate();
  return rate;
}

async function throughLoop(...rounds) {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const rate = await run(async () => {
    const loop = getRunningLoop();
    return await rates(rounds, async (count) => {
      for (let value = 0; value < count; ) value = await loop.runInExecutor(executor, increment, value);
    });
  });
  await executor.shutdown();
  return rate;
}

/** The rate of the last round, of `underWay` programs side by side; those before are warm-up. */
async function rates(rounds, program) {
  let rate = 0;
  for (const count of rounds) {
    const began = performance.now();
    await Promise.all(Array.from({ length: underWay }, () => program(count / underWay)));
    rate = (count / (performance.now() - began)) * 1000;
  }
  return rate;
}
