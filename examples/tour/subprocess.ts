/** Subprocesses: several children at a time, one of which is given a megabyte and gives it back. */
import { type Coroutine, createSubprocessExec, createSubprocessShell, gather, getRunningLoop, PIPE } from "wasyncio";
import { check, milliseconds, withThousands } from "./words.js";

const CHILDREN = 10;
const INPUT = Buffer.alloc(1_000_000, "to and fro ");

export function* subprocess(): Coroutine<string> {
  const loop = getRunningLoop();
  const start = loop.time();
  const cat = yield* createSubprocessExec("cat", { stdin: PIPE, stdout: PIPE });
  const [output] = yield* cat.communicate(INPUT);
  check(output?.equals(INPUT) === true, "cat gives back what it got");
  const children = yield* gather(Array.from({ length: CHILDREN }, (_, code) => createSubprocessShell(`exit ${code}`)));
  const codes = yield* gather(children.map((child) => child.wait()));
  check(
    codes.every((code, number) => code === number),
    "each exit code is the child's own",
  );
  return `${CHILDREN + 1} children, ${withThousands(INPUT.length)} bytes through one: ${milliseconds(loop.time() - start)}`;
}
