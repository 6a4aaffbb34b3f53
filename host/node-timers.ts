/**
 * Node's timers, as they were when this package was loaded.
 *
 * Owns: what fake timers of test tools must not take the place of: a loop whose turns they hold back would never go on.
 */
import timers from "node:timers";

export const { setImmediate, setTimeout, clearTimeout } = timers;
export const { nextTick } = process;
