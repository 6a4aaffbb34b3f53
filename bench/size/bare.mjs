/**
 * The least program: what Node itself costs to start and end.
 *
 * Owns: nothing. The size benchmark starts it in fresh processes, alternating with `first-loop.mjs`.
 */
export {};
