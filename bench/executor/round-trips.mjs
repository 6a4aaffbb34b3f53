/**
 * One runner of the executor benchmark: round trips to one worker thread.
 *
 *   node bench/executor/round-trips.mjs RUNNER OPERATIONS UNDER_WAY     prints round trips per second
 *
 * Owns: both programs, which send the same function with the same argument.
 */
import { gather, getRunningLoop, run, ThreadPoolExecutor } from "wasyncio";
import workerpool from "workerpool";

const [runner, operations, underWay] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const increment = (value) => value + 1;

const programs = { workerpool: bare, wasyncio: throughLoop };
console.log(await programs[runner](Math.ceil(operations / 5), operations));

async function bare(...rounds) {
  const pool = workerpool.pool({ maxWorkers: 1, workerType: "thread" });
  let rate = 0;
  for (const count of rounds) {
    const program = async () => {
      for (let value = 0; value < count / underWay; ) value = await pool.exec(increment, [value]);
    };
    const began = performance.now();
    await Promise.all(Array.from({ length: underWay }, program));
    rate = perSecond(count, began);
  }
  await pool.terminate();
  return rate;
}

async function throughLoop(...rounds) {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const rate = await run(function* () {
    const loop = getRunningLoop();
    let rate = 0;
    for (const count of rounds) {
      const program = function* () {
        for (let value = 0; value < count / underWay; ) value = yield* loop.runInExecutor(executor, increment, value);
      };
      const began = performance.now();
      yield* gather(Array.from({ length: underWay }, program));
      rate = perSecond(count, began);
    }
    return rate;
  });
  await executor.shutdown();
  return rate;
}

/** The last round's rate is printed; those before are warm-up. */
function perSecond(count, began) {
  return (count / (performance.now() - began)) * 1000;
}
