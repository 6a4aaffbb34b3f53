/**
 * Two thousand short children, fifty at a time, with streams and with protocols: whether each ends as it should, and what is left of them.
 *
 *   node out/test/soak/two-thousand-children.js [CHILDREN] [AT_ONCE]
 *
 * Exit code 1 if one ended with another code, or if a child, a descriptor, a handle of Node's or a slot of the core is left.
 */
import { checkNoLeaks } from "../support/leaks.js";
import { runChildren } from "./children.js";

const CHILDREN_PER_LINE = 250;

const [total = 2000, atOnce = 50] = process.argv.slice(2).map(Number);

const { wrong, left, liveSlots, seconds } = await checkNoLeaks(() => runChildren(total, atOnce, showProgress));
const problems = [...wrong, ...left.map((child) => `a child is left: ${child}`)];
if (liveSlots > 0) problems.push(`${liveSlots} slots of the core are taken`);
console.log(`${total} children, ${atOnce} at a time: ${seconds.toFixed(1)} s on Node ${process.version}`);
console.log(problems.length === 0 ? "every end is right, and nothing is left" : problems.join("\n"));
process.exitCode = problems.length === 0 ? 0 : 1;

function showProgress(ended: number): void {
  if (ended % CHILDREN_PER_LINE === 0) console.log(`${ended} of ${total} have ended`);
}
