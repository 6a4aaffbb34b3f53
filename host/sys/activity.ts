/**
 * Counts what this thread has done to descriptors.
 *
 * Owns: one counter. Every wrapper of this folder that can make any fd more ready than it was counts itself: a send
 * makes the peer readable, a receive makes it writable, an accept or a close lets something else go on.
 *
 * Does not own: the decision that a selector takes from it (`selector/epoll-selector.ts`).
 */

/** `count` changes, and wraps, whenever this thread may have changed what a selector would report. */
export const activity = { count: 0 };

/** Notes that readiness may have changed. */
export function noteActivity(): void {
  activity.count = (activity.count + 1) | 0;
}
