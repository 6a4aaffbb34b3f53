// expect: code=3 signal=null
// prints: told of: first, second
/** A handler that throws an error which would end the loop, at the end of the process: everything is told of before. */
import { newEventLoop, SystemExit } from "../../host/index.js";

const told: unknown[] = [];
const loop = newEventLoop();
loop.setExceptionHandler((_loop, { exception }) => {
  told.push((exception as Error).message);
  throw new SystemExit();
});
const futures = ["first", "second"].map((message) => {
  const future = loop.createFuture();
  future.setException(new Error(message));
  return future;
});
process.once("uncaughtException", (error) => {
  console.log(`told of: ${told.join(", ")}`, futures.length);
  if (error instanceof SystemExit) process.exitCode = 3;
});
