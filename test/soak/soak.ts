/**
 * A soak: lives of all kinds, by the thousand, on one real loop, and what is left of them.
 *
 * Owns: the loop, its exception handler, the rounds, and the measuring, which comes after all garbage is collected.
 *
 * Does not own: the lives (`lives.ts`), nor what may be left (`soak.test.ts`, `ten-million.ts`).
 */
import { type EventLoop, newEventLoop, sleep } from "../../host/index.js";
import { lives } from "./lives.js";

/** Things of each kind that one round makes. */
const OF_EACH = 50;
/** After these, whatever has a callback to run has run it. */
const ITERATIONS_TO_END = 16;
/** Later than the timers that are left to run. */
const SECONDS_TO_END = 0.0005;
/** Collections after which a number that still shrinks is not waited for. */
const COLLECTIONS_MAX = 50;

/** What there is when all that was made has ended and was dropped. */
export interface Left {
  readonly made: number;
  readonly liveSlots: number;
  /** Of those, timers that were cancelled: they leave when their time comes, or when they are more than a hundred and half of all timers. */
  readonly cancelledTimers: number;
  readonly wasmBytes: number;
  readonly heapBytes: number;
  readonly rssBytes: number;
}

export class Soak {
  readonly loop: EventLoop = newEventLoop();
  /** How many errors the exception handler was told of. */
  reported = 0;
  #made = 0;

  constructor() {
    this.loop.setExceptionHandler(() => {
      this.reported++;
    });
  }

  /** Lives all lives, again and again, until so many things were made since the beginning, at least. The loop must be running. */
  async make(total: number, progress: (made: number) => void = () => {}): Promise<Left> {
    while (this.#made < total) {
      await this.#round();
      progress(this.#made);
    }
    return this.#measure();
  }

  /** Closes the loop. */
  close(): void {
    this.loop.close();
  }

  async #round(): Promise<void> {
    const { loop } = this;
    for (const [, life] of lives) for (let count = 0; count < OF_EACH; count++) life(loop);
    this.#made += lives.length * OF_EACH;
    for (let iteration = 0; iteration < ITERATIONS_TO_END; iteration++) await sleep(0);
    await sleep(SECONDS_TO_END);
  }

  async #measure(): Promise<Left> {
    const { core } = this.loop._scheduler;
    let left = Number.POSITIVE_INFINITY;
    for (let round = 0; round < COLLECTIONS_MAX && core.liveSlots() < left; round++) {
      left = core.liveSlots();
      await collectGarbage();
    }
    const { heapUsed, rss } = process.memoryUsage();
    return {
      made: this.#made,
      liveSlots: core.liveSlots(),
      cancelledTimers: core.cancelledTimerCount(),
      wasmBytes: core.memory.buffer.byteLength,
      heapBytes: heapUsed,
      rssBytes: rss,
    };
  }
}

/** Collects garbage, and lets finalizers run. */
async function collectGarbage(): Promise<void> {
  if (globalThis.gc === undefined) throw new Error("start node with --expose-gc");
  globalThis.gc();
  await new Promise((resolve) => setTimeout(resolve, 1));
}
