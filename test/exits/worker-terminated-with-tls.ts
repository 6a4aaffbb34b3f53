// expect: code=0 signal=null
// prints: 0 descriptors more
/** Workers are terminated while they have connections over TLS: Node closes its descriptors of them, and we ours. */
import { readdirSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { terminateWorkers } from "./workers.js";

const openDescriptors = (): number => readdirSync("/proc/self/fd").length;

// What is opened once is open before it is counted.
await terminateWorkers({ state: "tls" });
const before = openDescriptors();
await terminateWorkers({ state: "tls" });
for (let tries = 0; openDescriptors() > before && tries < 100; tries++) await pause(10);
console.log(`${openDescriptors() - before} descriptors more`);
