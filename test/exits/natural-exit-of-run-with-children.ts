// expect: code=0 signal=null
// prints: the program has returned
/** `run` returns while a child runs, and a call that begins another has not come to its end. */
import { createSubprocessExec, PIPE, run } from "../../host/index.js";

const words = await run(async () => {
  await createSubprocessExec("cat", { stdin: PIPE, stdout: PIPE });
  createSubprocessExec("cat", { stdin: PIPE, stdout: PIPE });
  return "the program has returned";
});
console.log(words);
