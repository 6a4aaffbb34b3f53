// expect: code=0 signal=null
// prints: told of: lost task, held future, late future
/** Exceptions that nobody looked at are told of at the end of the process, if the garbage collector has not come across them before. */
import { getRunningLoop, run, sleep } from "../../host/index.js";

const told: unknown[] = [];
const held = await run(async () => {
  const loop = getRunningLoop();
  loop.setExceptionHandler((_loop, { exception }) => told.push((exception as Error).message));
  loop.createTask(async () => {
    throw new Error("lost task");
  });
  await sleep(0.01);
  const failed = (message: string) => {
    const future = loop.createFuture();
    future.setException(new Error(message));
    return future;
  };
  const futures = [
    failed("held future"),
    failed("future that was looked at"),
    failed("future that is looked at later"),
  ];
  futures[1]?.exception();
  await sleep(0.01);
  futures[2]?.exception();
  futures.push(failed("late future"));
  return futures;
});
process.on("exit", () => console.log(`told of: ${told.join(", ")}`, held.length));
