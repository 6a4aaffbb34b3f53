/**
 * Whatever a host does to the core through its exports and its imports' answers, the core stays in order: it does not trap, and after a
 * `clear` it is as good as new.
 *
 * HOSTILE_SEED=… repeats a failure.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type CoreExports, type CoreImports, instantiate } from "../../../host/core.js";
import { runPython } from "../../support/wasmtime.js";
import { CalmHost } from "./calm-host.js";
import { HostileHost } from "./hostile-host.js";

const RUNS = 80;
const BUDGET = 2000;

const seed = Number(process.env.HOSTILE_SEED ?? Date.now() % 2 ** 31);

/** A core whose host can be changed. */
class ChangingHost {
  readonly core: CoreExports;
  host: CoreImports;

  constructor(first: CoreImports) {
    this.host = first;
    this.core = instantiate({
      now: () => this.host.now(),
      select: (timeoutSeconds) => this.host.select(timeoutSeconds),
      watch: (fd, interest, generation) => this.host.watch(fd, interest, generation),
      dispatch: (id) => this.host.dispatch(id),
      runSeries: (length) => this.host.runSeries(length),
      resume: (task, how) => this.host.resume(task, how),
      taskDone: (task, state) => this.host.taskDone(task, state),
      cancelWaiter: (task) => this.host.cancelWaiter(task),
      report: (what, id) => this.host.report(what, id),
    });
  }
}

/** What goes wrong in the run of a seed, or "". */
function hostileRun(seed: number): string {
  const hostile = new HostileHost(seed);
  const changing = new ChangingHost(hostile);
  hostile.attach(changing.core);
  hostile.rage(BUDGET);
  if (hostile.census.failure !== "") return hostile.census.failure;
  const calm = new CalmHost();
  changing.host = calm;
  return calm.examine(changing.core);
}

test("a host that keeps every rule finds a new core in order", () => {
  const calm = new CalmHost();
  assert.is(calm.examine(new ChangingHost(calm).core), "");
});

test(`a host that keeps no rule leaves a core in order (seed ${seed})`, () => {
  for (let run = 0; run < RUNS; run++) {
    // A seed of 0 makes no random numbers.
    const failure = hostileRun(seed + run || 1);
    assert.is(failure, "", `HOSTILE_SEED=${seed + run}: ${failure}`);
  }
});

test("where memory cannot grow the core traps, and each answer before that is good", async () => {
  const { code, output } = await runPython("test/host/hostile/out_of_memory.py", "build/core.wasm");
  const makers = ["callSoon", "callAt", "createFuture", "createTask", "createEagerTask", "listen", "addReader"];
  assert.is(output, makers.map((name) => `${name} trapped\n`).join(""));
  assert.is(code, 0);
});

test.run();
