/**
 * Runs one scheduler workload on wasyncio and prints what it cost.
 *
 * Owns: the choice of the loop, the warm-up, and the two clocks.
 *
 * Does not own: the workloads. `guest` is the loop that lives on Node's own and so pays for `setImmediate`; `virtual` runs the
 * same core with nothing underneath.
 *
 *   node wasyncio.mjs guest|virtual WORKLOAD OPERATIONS WARM_UP_OPERATIONS
 */
import { newEventLoop } from "wasyncio";
import { VirtualEventLoop } from "wasyncio/testing";
import { WORKLOADS } from "./workloads.mjs";

const WARM_UP_ROUNDS = 4;

const [kind, workload, operations, warmUp] = process.argv.slice(2);
const loop = kind === "virtual" ? new VirtualEventLoop() : newEventLoop();

async function measure(count) {
  const start = WORKLOADS[workload](loop, count);
  const wall = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  start();
  await loop.runForever();
  const { user, system } = process.cpuUsage(cpu);
  return { cpuNs: (user + system) * 1000, wallNs: Number(process.hrtime.bigint() - wall) };
}

// In several runs: V8 compiles a workload anew when it sees its closures made a second and a third time.
for (let round = 0; round < WARM_UP_ROUNDS; round++) await measure(Number(warmUp));
console.log(JSON.stringify(await measure(Number(operations))));
loop.close();
