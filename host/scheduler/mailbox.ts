/**
 * The mailbox: where calls of other threads arrive.
 *
 * Owns: the interface. While Node's loop goes on it delivers them by itself, as arrivals; a run that keeps the thread asks for them.
 *
 * Does not own: the messages (`threads/`), how they reach the core (`arrivals.ts`).
 */
export interface Mailbox {
  /** Whether any thread may still call. */
  readonly isOpen: boolean;
  /** Makes arrivals of what has come. */
  collect(): void;
  /** Says whether the loop's thread sleeps in the kernel, so that callers have to wake it. */
  setAsleep(isAsleep: boolean): void;
  /** The loop is closed: tells the threads. */
  close(): void;
}
