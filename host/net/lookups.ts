/**
 * Lookups: calls to the C library that may wait for a name server, as futures.
 *
 * Owns: how many of them run at a time, the queue of the others, and letting go of one that is cancelled: in the queue it
 * is taken out, under way it is left to end by itself. And what failures are called: as `dns.lookup` calls them, so a name
 * that does not exist is `ENOTFOUND`, and everything else has the C library's name, such as `EAI_AGAIN`.
 *
 * Does not own: the calls themselves (`sys/names.ts`).
 */

import { logWarning } from "../complaints.js";
import { OwnFuture } from "../futures/own-future.js";
import type { EventLoop } from "../loop/event-loop.js";
import { systemError } from "../sys/errors.js";
import { type Answered, type NameFailure, nameFailureText } from "../sys/names.js";

/** Of libuv's pool, which lookups share with files and whatever else Node does on threads. */
const POOL_THREADS_DEFAULT = 4;

/**
 * How many lookups of one thread run at a time: half of libuv's pool, which is as many as libuv lets its own take, so that
 * a name server that does not answer never keeps Node from reading its files. Each worker has a pool's half of its own:
 * what a terminated worker had taken could not be given back to the others.
 */
export const LOOKUPS_AT_ONCE = Math.max(
  1,
  Math.ceil((Number(process.env.UV_THREADPOOL_SIZE) || POOL_THREADS_DEFAULT) / 2),
);

const EAI_SYSTEM = -11;

/** By the C library's number: its name and libuv's number. Node calls the two that mean "no such host" alike. */
const FAILURES: ReadonlyMap<number, readonly [code: string, errno: number]> = new Map([
  [-1, ["EAI_BADFLAGS", -3002]],
  [-2, ["ENOTFOUND", -3008]],
  [-3, ["EAI_AGAIN", -3001]],
  [-4, ["EAI_FAIL", -3004]],
  [-5, ["ENOTFOUND", -3007]],
  [-6, ["EAI_FAMILY", -3005]],
  [-7, ["EAI_SOCKTYPE", -3011]],
  [-8, ["EAI_SERVICE", -3010]],
  [-9, ["EAI_ADDRFAMILY", -3000]],
  [-10, ["EAI_MEMORY", -3006]],
  [-12, ["EAI_OVERFLOW", -3009]],
]);

/** Says what is looked up, and how. */
export interface Inquiry<T> {
  readonly syscall: "getaddrinfo" | "getnameinfo";
  /** What it is about, for messages. */
  readonly host: string | null;
  ask(answered: Answered<T>): void;
}

/** Those that wait for their turn, in the order in which they came. */
const queue = new Set<Lookup<unknown>>();
let running = 0;

/** A lookup. It has begun, or waits for its turn. */
export class Lookup<T> extends OwnFuture<T> {
  readonly #inquiry: Inquiry<T>;

  constructor(loop: EventLoop, inquiry: Inquiry<T>) {
    super(loop);
    loop._scheduler.checkNodeGoesOn("names are looked up");
    this.#inquiry = inquiry;
    queue.add(this as Lookup<unknown>);
    startNext();
  }

  /** Cancels it at once. A call that is under way ends by itself, and frees what it found. */
  override cancel(message?: string): boolean {
    queue.delete(this as Lookup<unknown>);
    return super.cancel(message);
  }

  /** Asks. */
  _start(): void {
    const start = this._loop.time();
    try {
      this.#inquiry.ask((failure, answer) => {
        running--;
        startNext();
        this.#finish(failure, answer, start);
      });
    } catch (error) {
      running--;
      this._failWith(error as Error);
    }
  }

  #finish(failure: NameFailure | null, answer: T | null, start: number): void {
    if (this.done() || this._scheduler.closed) return;
    const { syscall, host } = this.#inquiry;
    const seconds = this._loop.time() - start;
    if (this._loop.getDebug() && seconds >= this._loop.slowCallbackDuration) {
      logWarning(`${syscall} of ${host} took ${seconds.toFixed(3)} seconds`);
    }
    if (failure === null) this._succeed(answer as T);
    else this._failWith(lookupError(failure, syscall, host));
  }
}

/** The error of a lookup that failed. */
export function lookupError({ status, errno }: NameFailure, syscall: string, host: string | null): Error {
  const details = host === null ? {} : { hostname: host };
  if (status === EAI_SYSTEM) return Object.assign(systemError(syscall, errno), details);
  const [code, number] = FAILURES.get(status) ?? [`EAI_${-status}`, status];
  const about = host === null ? "" : ` ${host || '""'}`;
  const error = new Error(`${syscall} ${code}: ${nameFailureText(status)}${about}`);
  return Object.assign(error, { errno: number, code, syscall, ...details });
}

function startNext(): void {
  for (const lookup of queue) {
    if (running >= LOOKUPS_AT_ONCE) return;
    queue.delete(lookup);
    if (lookup._scheduler.closed) continue;
    running++;
    lookup._start();
  }
}
