/** A program that sends a function of its own by name, without a thought of the workers that import it. */
import { getRunningLoop, run, workerFunction } from "../../../host/index.js";

export function answer(): number {
  return 42;
}

await run(async () => {
  await getRunningLoop().runInExecutor(null, workerFunction<typeof answer>(import.meta.url, "answer"));
});
