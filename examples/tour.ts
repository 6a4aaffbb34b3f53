/**
 * The tour: one program on one loop that uses each facility with real parts and says what it saw.
 *
 *   npm start
 */
import { type Coroutine, run } from "wasyncio";
import { descriptors } from "./tour/descriptors.js";
import { tcp } from "./tour/echo.js";
import { executor } from "./tour/executor.js";
import { loadTest } from "./tour/load-test.js";
import { names } from "./tour/names.js";
import { node } from "./tour/node.js";
import { pipes } from "./tour/pipes.js";
import { signals } from "./tour/signals.js";
import { sockets } from "./tour/sockets.js";
import { subprocess } from "./tour/subprocess.js";
import { cancellation, switches, tasks } from "./tour/tasks.js";
import { threads } from "./tour/threads.js";
import { timers } from "./tour/timers.js";
import { tls } from "./tour/tls.js";
import { udp } from "./tour/udp.js";
import { unix } from "./tour/unix.js";
import { bold } from "./tour/words.js";

const stops: [name: string, show: () => Coroutine<string>][] = [
  ["timers", timers],
  ["tasks", tasks],
  ["switches", switches],
  ["cancellation", cancellation],
  ["descriptors", descriptors],
  ["sockets", sockets],
  ["TCP", tcp],
  ["TLS", tls],
  ["UDP", udp],
  ["Unix", unix],
  ["pipes", pipes],
  ["names", names],
  ["executor", executor],
  ["threads", threads],
  ["signals", signals],
  ["subprocesses", subprocess],
  ["Node", node],
];

function print(line = ""): void {
  console.log(`  ${line}`.trimEnd());
}

await run(function* () {
  print();
  print(`${bold("wasyncio")} on Node ${process.versions.node}, ${process.platform} ${process.arch}`);
  print();
  for (const [name, show] of stops) print(`${bold(name.padEnd(13))} ${yield* show()}`);
  print();
  for (const line of yield* loadTest()) print(line);
  print();
});
