/**
 * A soak: lives of all kinds, by the thousand, on one real loop, and what is left of them.
 *
 * Owns: the loop, its exception handler, the rounds, and the measuring, which comes after all garbage is collected.
 *
 * Does not own: the lives (`lives.ts`), nor what may be left (`growth.ts`).
 */
import { type Coroutine, type EventLoop, newEventLoop, sleep } from "../../host/index.js";
import { lives } from "./lives.js";

/** Things of each kind that one round makes. */
const OF_EACH = 50;
/** After these, whatever has a callback to run has run it. */
const ITERATIONS_TO_END = 16;
/** Later than the timers that are left to run. */
const SECONDS_TO_END = 0.0005;
/** Collections in a row that free no slot, after which no more is expected of them. */
const IDLE_COLLECTIONS = 3;

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

  /** Lives all lives, again and again, until so many things were made since the beginning, at least. */
  async make(total: number, progress: (made: number) => void = () => {}): Promise<Left> {
    // A generator, and no async function: futures that one awaits belong to its task until it ends.
    await this.loop.runUntilComplete(this.#rounds(total, progress));
    return this.#measure();
  }

  /** Closes the loop. */
  close(): void {
    this.loop.close();
  }

  *#rounds(total: number, progress: (made: number) => void): Coroutine<void> {
    while (this.#made < total) {
      for (const [, life] of lives) for (let count = 0; count < OF_EACH; count++) life(this.loop);
      this.#made += lives.length * OF_EACH;
      for (let iteration = 0; iteration < ITERATIONS_TO_END; iteration++) yield;
      yield* sleep(SECONDS_TO_END);
      progress(this.#made);
    }
  }

  async #measure(): Promise<Left> {
    const { core } = this.loop._scheduler;
    let least = core.liveSlots();
    for (let idle = 0; idle < IDLE_COLLECTIONS; idle++) {
      await collectGarbage();
      if (core.liveSlots() < least) idle = -1;
      least = core.liveSlots();
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
