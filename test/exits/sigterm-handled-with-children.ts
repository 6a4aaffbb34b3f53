// expect: code=0 signal=null
// prints: ended with -15, -15
/** SIGTERM comes while two children run; its handler ends them, waits for that, and stops the loop. */
import { sleep } from "../../host/index.js";
import { ChildrenLoop } from "./children-loop.js";
import { askForSignal } from "./signals.js";

const { loop, ready, children } = new ChildrenLoop();

async function endChildren(): Promise<void> {
  for (const child of children) child.terminate();
  while (children.some((child) => child.getReturncode() === null)) await sleep(0.001);
  loop.stop();
}

loop.addSignalHandler("SIGTERM", () => void loop.createTask(endChildren));
void ready.then(() => askForSignal("TERM"));
await loop.runForever();
loop.close();
console.log(`ended with ${children.map((child) => child.getReturncode()).join(", ")}`);
