/**
 * Asynchronous generators that a loop closes at its end.
 *
 * Owns: which of them have begun and not ended; closing those that are lost, and all of them at the end.
 *
 * Does not own: iterating. A `for await` closes its generator itself when it is left; this is for those that are iterated
 * by hand, or whose task ends inside.
 *
 * From: CPython 3.13 base_events `_asyncgen_firstiter_hook`, `_asyncgen_finalizer_hook`, `shutdown_asyncgens`. Differs:
 * JavaScript has no hooks, so a generator is tracked when the loop is asked to. What the loop hands out stands in for the
 * generator, because a generator itself cannot be closed any more once the garbage collector has found it.
 */
import { warnOfResource } from "../complaints.js";
import { CancelledError, describe, RuntimeError, typeError } from "../errors.js";
import type { Work } from "../futures/operation.js";
import type { Task } from "../futures/task.js";
import type { EventLoop } from "./event-loop.js";

/** A stand-in that is lost leaves its generator to be closed, by a loop that may be lost itself. */
interface Lost {
  readonly tracking: WeakRef<AsyncGenerators>;
  readonly generator: AsyncGenerator;
}

const standIns = new FinalizationRegistry<Lost>(({ tracking, generator }) => tracking.deref()?._closeLost(generator));

/** The asynchronous generators of a loop. */
export class AsyncGenerators {
  readonly #loop: EventLoop;
  /** Those that have begun and not ended. */
  readonly #open = new Set<AsyncGenerator>();
  /** How many answers each of them has still to give. */
  readonly #asked = new Map<AsyncGenerator, number>();
  #isShutDown = false;

  constructor(loop: EventLoop) {
    this.#loop = loop;
  }

  /** The generator's stand-in. @throws TypeError `ERR_NOT_AN_ASYNCGEN` */
  track<T, R, N>(generator: AsyncGenerator<T, R, N>): AsyncGenerator<T, R, N> {
    if (Object.prototype.toString.call(generator) !== "[object AsyncGenerator]") {
      const hint = typeof generator === "function" ? ": call it, and pass what it returns" : "";
      throw typeError("ERR_NOT_AN_ASYNCGEN", `an async generator is required, not ${describe(generator)}${hint}`);
    }
    const tracked = new TrackedAsyncGenerator(this, generator);
    standIns.register(tracked, { tracking: new WeakRef(this), generator: generator as AsyncGenerator });
    return tracked;
  }

  /** Closes every one that is open, all at the same time, and reports those that fail. */
  *shutDown(): Work<void> {
    this.#isShutDown = true;
    const closings = [...this.#open].map((generator) => this.#closeInTask(generator));
    try {
      for (const closing of closings) yield* closing;
    } finally {
      for (const closing of closings) closing.cancel();
    }
  }

  /** @internal One is iterated for the first time. */
  _began(generator: AsyncGenerator): void {
    if (this.#isShutDown) {
      warnOfResource("asynchronous generator was scheduled after loop.shutdownAsyncgens() call: nobody will close it");
    }
    this.#open.add(generator);
  }

  /** @internal One has ended. */
  _ended(generator: AsyncGenerator): void {
    this.#open.delete(generator);
  }

  /** @internal It is asked for something, or has answered. */
  _asked(generator: AsyncGenerator, change: 1 | -1): void {
    const count = (this.#asked.get(generator) ?? 0) + change;
    if (count > 0) this.#asked.set(generator, count);
    else this.#asked.delete(generator);
  }

  /** @internal Nobody can iterate it any more. */
  _closeLost(generator: AsyncGenerator): void {
    if (!this.#open.has(generator) || this.#loop.isClosed()) return;
    this.#closeInTask(generator);
  }

  #closeInTask(generator: AsyncGenerator): Task<void> {
    return this.#loop.createTask(() => this.#close(generator));
  }

  /** Lets it run its `finally` blocks. */
  async #close(generator: AsyncGenerator): Promise<void> {
    this.#open.delete(generator);
    try {
      if (this.#asked.has(generator)) {
        throw new RuntimeError(
          "ERR_ASYNCGEN_RUNNING",
          "the async generator cannot be closed while somebody waits for what it yields next: cancel that first",
        );
      }
      const { done } = await generator.return(undefined);
      if (!done) {
        throw new RuntimeError(
          "ERR_ASYNCGEN_GOES_ON",
          "the async generator yielded while it was being closed: do not yield in a finally block",
        );
      }
    } catch (exception) {
      if (exception instanceof CancelledError) return;
      this.#loop.callExceptionHandler({
        message: "an error occurred during closing of asynchronous generator",
        exception,
        asyncgen: generator,
      });
    }
  }
}

/** Stands in for a generator, which does the work. */
class TrackedAsyncGenerator<T, R, N> implements AsyncGenerator<T, R, N> {
  readonly #tracking: AsyncGenerators;
  readonly #generator: AsyncGenerator<T, R, N>;
  #begun = false;

  constructor(tracking: AsyncGenerators, generator: AsyncGenerator<T, R, N>) {
    this.#tracking = tracking;
    this.#generator = generator;
  }

  next(...value: [] | [N]): Promise<IteratorResult<T, R>> {
    if (!this.#begun) {
      this.#begun = true;
      this.#tracking._began(this.#generator as AsyncGenerator);
    }
    return this.#watch(this.#generator.next(...value));
  }

  return(value: R | PromiseLike<R>): Promise<IteratorResult<T, R>> {
    return this.#watch(this.#generator.return(value));
  }

  throw(error: unknown): Promise<IteratorResult<T, R>> {
    return this.#watch(this.#generator.throw(error));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return(undefined as R);
  }

  get [Symbol.toStringTag](): string {
    return "AsyncGenerator";
  }

  /** An answer may come when the stand-in is lost, so what waits for it must not hold on to it. */
  #watch(answer: Promise<IteratorResult<T, R>>): Promise<IteratorResult<T, R>> {
    return watch(this.#tracking, this.#generator as AsyncGenerator, answer);
  }
}

async function watch<A extends IteratorResult<unknown, unknown>>(
  tracking: AsyncGenerators,
  generator: AsyncGenerator,
  answer: Promise<A>,
): Promise<A> {
  tracking._asked(generator, 1);
  try {
    const result = await answer;
    if (result.done) tracking._ended(generator);
    return result;
  } catch (error) {
    tracking._ended(generator);
    throw error;
  } finally {
    tracking._asked(generator, -1);
  }
}
