/**
 * The least program on wasyncio: import it, run one loop, end.
 *
 * Owns: nothing. The size benchmark starts it in fresh processes, alternating with `bare.mjs`.
 */
import { run, sleep } from "wasyncio";

await run(() => sleep(0));
