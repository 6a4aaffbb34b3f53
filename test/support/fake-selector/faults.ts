/**
 * Scripts for a scripted kernel.
 *
 * Owns: faults that a program must not notice, since a kernel may do these things at any time; and one fault at one call.
 */
import { EAGAIN, EINTR } from "../../../host/sys/errno.js";
import type { Fault, Operation, Script } from "./scripted-kernel.js";

const INTERRUPTIBLE: ReadonlySet<Operation> = new Set(["receive", "send", "accept"]);

/** Whatever can move bytes moves so many at the most. */
export function inPieces(bytes: number): Script {
  return (operation) => (operation === "receive" || operation === "send" ? { bytes } : null);
}

/** Every other call fails with an errno after which it is to be made again. */
export function everyOther(errno: typeof EAGAIN | typeof EINTR): Script {
  return (operation, count) => (INTERRUPTIBLE.has(operation) && count % 2 === 0 ? { errno } : null);
}

/** All of that in an order that looks random and is the same for the same seed. */
export function confusion(seed: number): Script {
  const next = generator(seed);
  return (operation) => {
    const choice = INTERRUPTIBLE.has(operation) ? next() % 8 : 7;
    if (choice < 2) return { errno: EAGAIN };
    if (choice < 4) return { errno: EINTR };
    return choice < 6 && operation !== "accept" ? { bytes: 1 + (next() % 3000) } : null;
  };
}

/** One fault, at the call of that number. */
export function once(at: number, fault: Fault): Script {
  return (_operation, count) => (count === at ? fault : null);
}

/** Small numbers, by a linear congruence. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  };
}
