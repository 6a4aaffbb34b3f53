/** Every program of this folder ends as its first lines say, on the Node that runs the tests. `npm run matrix` takes the others. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { script } from "../tidy/repository.js";

interface Scenario {
  readonly name: string;
}

interface Exits {
  listScenarios(): Scenario[];
  runScenario(node: string, scenario: Scenario): Promise<{ ok: boolean; what: string; output: string }>;
}

const { listScenarios, runScenario } = await script<Exits>("exits.mjs");

for (const scenario of listScenarios()) {
  test(`${scenario.name} ends as expected`, async () => {
    const { ok, what, output } = await runScenario(process.execPath, scenario);
    assert.ok(ok, `${what}\n${output}`);
  });
}

test.run();
