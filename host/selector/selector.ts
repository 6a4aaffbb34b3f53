/**
 * What a loop needs to know which descriptors are ready, to sleep until one is, and to be woken.
 *
 * Owns: the interface, and the promise that nothing here throws for what a descriptor may do: failures are negative errno.
 *
 * Does not own: who waits for what (the core's watches); when to poll and when to sleep (the drivers).
 */

/** Watches descriptors for one loop. */
export interface Selector {
  /**
   * A descriptor that is readable while events or the deadline are pending, for another loop to watch. Close the
   * selector only after that loop has let go of it.
   */
  readonly fd: number;

  /** What `wake` writes to: an eventfd, which other threads may write to as well. -1 once closed. */
  readonly wakeFd: number;

  /**
   * Begins to watch `fd`, changes for what, or stops.
   *
   * @param interest Readiness bits, Read and Write; 0 stops.
   * @param generation Comes back as the tag of the events of this registration.
   * @returns 0, or a negative errno: EPERM for regular files, EBADF for what is not open. Stopping never fails.
   */
  watch(fd: number, interest: number, generation: number): number;

  /**
   * Writes what is ready now as event records (`assembly/abi.ts`), EVENT_CAPACITY at the most. Never blocks. May answer 0
   * without asking the kernel, for a few calls in a row, where nothing that this thread did can have made anything ready.
   *
   * @returns how many records it wrote
   */
  poll(events: Int32Array): number;

  /** The same, and always asks the kernel: for the moment before going idle, and after having been idle. */
  pollNow(events: Int32Array): number;

  /**
   * Blocks the thread until something is ready, `wake` was called, the deadline or a signal came, or `timeoutSeconds` are
   * over; Infinity is for ever.
   *
   * @returns how many records it wrote, 0 also when it was woken
   */
  select(events: Int32Array, timeoutSeconds: number): number;

  /**
   * Sets the one deadline at which `fd` turns readable, though no record tells of it; Infinity sets none. Never early.
   * Replaces the deadline before.
   *
   * @param secondsFromNow Not NaN. 0 or less is at once.
   */
  setDeadline(secondsFromNow: number): void;

  /** Ends a `select`, and makes `fd` readable until the next poll. Does nothing once closed. */
  wake(): void;

  /** Stops watching everything and gives the descriptors back. May be called twice. */
  close(): void;
}
