/**
 * What a loop and a thread that calls it say to each other.
 */
import type { DescribedError } from "../executors/outcome.js";

/** The first message through a port, which `share` has put there. */
export interface Hello {
  /** Tells it from the messages of others. */
  readonly wasyncio: "share";
  /** The memory of SharedWords. */
  readonly words: SharedArrayBuffer;
  /** The descriptor that wakes the loop's thread. */
  readonly wakeFd: number;
  /** The loop's thread, as `worker_threads.threadId`. */
  readonly threadId: number;
  /** The names of the callbacks, and whether each is a coroutine function. */
  readonly names: ReadonlyMap<string, boolean>;
}

/**
 * To the loop: call a callback; run one as a task and answer under `id`; or cancel that task. Arrays, because the names of an object's
 * properties would be written and read with every call.
 */
export type Request =
  | readonly [name: string, args: readonly unknown[]]
  | readonly [name: string, args: readonly unknown[], id: number]
  | readonly [id: number];

/** From the loop: how a task has ended. */
export type Answer = { readonly id: number } & (
  | { readonly value: unknown }
  | { readonly error: DescribedError }
  | { readonly cancelled: string }
);
