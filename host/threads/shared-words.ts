/**
 * What a loop and the threads that call it know of each other at once, without a message.
 *
 * Owns: a few words of memory that all of them see: whether the loop is closed, whether its thread sleeps in the kernel, how
 * many messages and answers there were. Holding back callers that are faster than the loop. And waking the thread: the
 * descriptor that wakes it is never written to after the loop was closed, when its number may be another file's.
 *
 * Does not own: the messages, which go through a MessagePort (`channel.ts`, `remote-loop.ts`).
 */
import { performance } from "node:perf_hooks";
import { signalEventfd } from "../sys/eventfd.js";

const CLOSED = 0;
const ASLEEP = 1;
/** How many threads are about to write to the descriptor. */
const WAKING = 2;
const POSTED = 3;
const ANSWERED = 4;
const TAKEN = 5;
const WORDS = 6;

/** How many messages may be under way before a caller is held back. */
const UNDER_WAY_MAX = 16_384;
/** How long a caller is held back at each call, in milliseconds. */
const HOLD_MS = 1;
/** After how many taken messages those that are held back hear of it. */
const TAKEN_PER_NOTICE = 1024;

/** A thread that is about to wake another has done so within this time, unless it was terminated in between and never will. */
const WAKING_MAX_MS = 1000;

export class SharedWords {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(buffer = new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  get isClosed(): boolean {
    return Atomics.load(this.#words, CLOSED) === 1;
  }

  /** How many messages were posted to the loop. */
  get posted(): number {
    return Atomics.load(this.#words, POSTED);
  }

  /** Whether messages were posted that the loop has not taken. */
  get areUnderWay(): boolean {
    return this.posted !== Atomics.load(this.#words, TAKEN);
  }

  /** How many answers the loop has given. */
  get answered(): number {
    return Atomics.load(this.#words, ANSWERED);
  }

  /** The loop: whether from now on its thread has to be woken. What was posted before is to be looked for after saying so. */
  setAsleep(isAsleep: boolean): void {
    Atomics.store(this.#words, ASLEEP, isAsleep ? 1 : 0);
  }

  /** The loop: a message was taken. */
  noteTaken(): void {
    if (Atomics.add(this.#words, TAKEN, 1) % TAKEN_PER_NOTICE === 0) Atomics.notify(this.#words, TAKEN);
  }

  /** The loop: an answer was posted. */
  noteAnswer(): void {
    Atomics.add(this.#words, ANSWERED, 1);
    Atomics.notify(this.#words, ANSWERED);
  }

  /** The loop: it is closed. Returns when no thread writes to the descriptor any more, which may then be closed too. */
  close(): void {
    Atomics.store(this.#words, CLOSED, 1);
    Atomics.store(this.#words, ASLEEP, 0);
    this.noteAnswer();
    const end = performance.now() + WAKING_MAX_MS;
    for (;;) {
      const waking = Atomics.load(this.#words, WAKING);
      if (waking === 0 || performance.now() > end) return;
      Atomics.wait(this.#words, WAKING, waking, 1);
    }
  }

  /** A caller: a message was posted. Wakes the loop's thread through `wakeFd` if it sleeps in the kernel. */
  notePost(wakeFd: number): void {
    Atomics.add(this.#words, POSTED, 1);
    if (Atomics.load(this.#words, ASLEEP) === 0) return;
    Atomics.add(this.#words, WAKING, 1);
    if (Atomics.compareExchange(this.#words, ASLEEP, 1, 0) === 1) signalEventfd(wakeFd);
    Atomics.sub(this.#words, WAKING, 1);
  }

  /**
   * A caller: waits a moment if so many messages are under way that the loop cannot keep up. A loop that does not run takes none,
   * so nobody waits until it has.
   */
  holdBack(): void {
    const taken = Atomics.load(this.#words, TAKEN);
    if (((this.posted - taken) | 0) > UNDER_WAY_MAX) Atomics.wait(this.#words, TAKEN, taken, HOLD_MS);
  }

  /** A caller: blocks until there are other than `seen` answers, or the time is over. */
  waitForAnswer(seen: number, milliseconds: number): void {
    Atomics.wait(this.#words, ANSWERED, seen, milliseconds);
  }
}
