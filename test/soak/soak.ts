/**
 * A soak: lives of all kinds, by the thousand, on one real loop, and what is left of them.
 *
 * Owns: the loop, its exception handler, the rounds, and the measuring. Slots are counted before garbage is collected: none waits for that.
 *
 * Does not own: the lives (`lives.ts`), nor what may be left (`growth.ts`).
 */
import { type Coroutine, type EventLoop, newEventLoop, sleep } from "../../host/index.js";
import type { Life } from "./life.js";
import { lives } from "./lives.js";

/** Things of each kind that one round makes. */
const OF_EACH = 50;
/** After these, whatever has a callback to run has run it. */
const ITERATIONS_TO_END = 16;
/** Later than the timers that are left to run. */
const SECONDS_TO_END = 0.0005;
/** What a finalizer lets go of goes with the collection after it. */
const COLLECTIONS = 4;

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
  readonly #lives: readonly [name: string, life: Life][];
  #made = 0;

  constructor(these: readonly [name: string, life: Life][] = lives) {
    this.#lives = these;
    // A round is one step of a task, and a long one.
    this.loop.slowCallbackDuration = Number.POSITIVE_INFINITY;
    this.loop.setExceptionHandler(() => {
      this.reported++;
    });
  }

  /** Lives all the lives, again and again, until so many things were made since the beginning, at least. */
  async make(total: number, progress: (made: number) => void = () => {}): Promise<void> {
    // A generator, and no async function: futures that one awaits belong to its task until it ends.
    await this.loop.runUntilComplete(this.#rounds(total, progress));
  }

  /** What is left now, and once all garbage is collected of the heap. */
  async measure(): Promise<Left> {
    const { core } = this.loop._scheduler;
    const liveSlots = core.liveSlots();
    for (let count = 0; count < COLLECTIONS; count++) await collectGarbage();
    const { heapUsed, rss } = process.memoryUsage();
    return {
      made: this.#made,
      liveSlots,
      cancelledTimers: core.cancelledTimerCount(),
      wasmBytes: core.memory.buffer.byteLength,
      heapBytes: heapUsed,
      rssBytes: rss,
    };
  }

  /** Closes the loop. */
  close(): void {
    this.loop.close();
  }

  *#rounds(total: number, progress: (made: number) => void): Coroutine<void> {
    while (this.#made < total) {
      for (const [, life] of this.#lives) for (let count = 0; count < OF_EACH; count++) life(this.loop);
      this.#made += this.#lives.length * OF_EACH;
      for (let iteration = 0; iteration < ITERATIONS_TO_END; iteration++) yield;
      yield* sleep(SECONDS_TO_END);
      progress(this.#made);
    }
  }
}

/** Collects garbage, and lets finalizers run. */
async function collectGarbage(): Promise<void> {
  if (globalThis.gc === undefined) throw new Error("start node with --expose-gc");
  globalThis.gc();
  await new Promise((resolve) => setTimeout(resolve, 1));
}
