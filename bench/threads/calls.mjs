/**
 * One runner of the thread benchmark: calls from a worker thread.
 *
 *   node bench/threads/calls.mjs RUNNER METRIC COUNT     prints calls per second, or the median and the 99th percentile of the wake-up in µs
 *
 * Owns: the receiving ends: a bare MessagePort, a loop on Node's, a loop that blocks its thread. `caller.mjs` calls.
 */
import { MessageChannel, Worker } from "node:worker_threads";
import { EventLoop } from "wasyncio";

const [runner, metric, count] = [process.argv[2], process.argv[3], Number(process.argv[4])];
const NS_PER_US = 1e3;
const NS_PER_S = 1e9;

/** Of every wake-up, in nanoseconds: there is one clock for all threads. */
const delays = [];
let calls = 0;
let began = 0n;
let ended = 0n;

function called(sent) {
  const now = process.hrtime.bigint();
  if (metric === "wake") delays.push(Number(now - sent));
  if (calls++ === 0) began = sent;
  ended = now;
}

await { "bare MessagePort": bare, wasyncio: guest, "wasyncio blocking": blocking }[runner]();
console.log(metric === "rate" ? rate() : `${percentile(0.5)} ${percentile(0.99)}`);

async function bare() {
  const { port1, port2 } = new MessageChannel();
  const worker = start(port2, false);
  await new Promise((resolve) => {
    port1.on("message", ([name, sent]) => {
      if (name === "called") called(sent);
      else resolve();
    });
  });
  port1.close();
  await worker;
}

async function guest() {
  await shared(async (loop) => await loop.runForever());
}

async function blocking() {
  await shared((loop) => loop.runForeverSync());
}

async function shared(runLoop) {
  const loop = new EventLoop();
  const worker = start(loop.share({ called, done: () => loop.stop() }), true);
  await runLoop(loop);
  loop.close();
  await worker;
}

function start(port, isShared) {
  const worker = new Worker(new URL("./caller.mjs", import.meta.url), {
    workerData: { port, isShared, metric, count },
    transferList: [port],
  });
  return new Promise((resolve) => worker.on("exit", resolve));
}

function rate() {
  return calls / (Number(ended - began) / NS_PER_S);
}

function percentile(share) {
  delays.sort((a, b) => a - b);
  return delays[Math.floor(delays.length * share)] / NS_PER_US;
}
