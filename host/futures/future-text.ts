/**
 * The texts of futures and tasks.
 *
 * Owns: what they say of their state, of what waits for them and of what they wait for; and that the text of futures which contain each
 * other comes to an end.
 *
 * From: CPython 3.13, base_futures.py `_future_repr_info`. Differs: also a future of `gather` and its kin says what it waits for.
 */
import { FutureState } from "../../assembly/abi.js";
import { describeCall } from "../scheduler/call.js";
import { siteOf } from "../scheduler/source.js";
import { show, textOf } from "../show.js";
import type { Future } from "./future.js";
import { pendingPartsOf } from "./pending-parts.js";

/** Of several futures that one waits for, how many its text shows. */
const PARTS_SHOWN = 3;

/** Futures whose text is being made, each as a part of the one before. */
let textsUnderWay = 0;

/** Such as `<Future pending callbacks=[…]>`. */
export function textOfFuture(future: Future): string {
  textsUnderWay++;
  try {
    return `<${future._words().join(" ")}>`;
  } finally {
    textsUnderWay--;
  }
}

/** The words of its text: what it is, its state, and what more there is to say. */
export function wordsOf(future: Future): string[] {
  const words = [future._kind, future._stateWord()];
  // A future may be part of its own result, and each of many part of the results of all others: what is inside is shown by its state alone.
  if (textsUnderWay > 1) return words;
  if (future._state === FutureState.Finished) {
    words.push(
      future._failed
        ? `exception=${show(future._exception, { depth: 0 }).split("\n", 1)[0]}`
        : `result=${show(future._value, { depth: 0 })}`,
    );
  }
  const waitsFor = [...pendingPartsOf(future)];
  if (waitsFor.length > 0) words.push(`waitFor=${listed(waitsFor)}`);
  if (future._callbacks?.length) {
    words.push(`callbacks=[${future._callbacks.map(({ callback }) => describeCall(callback)).join(", ")}]`);
  }
  const site = siteOf(future);
  if (site !== null) words.push(`created at ${site}`);
  return words;
}

function listed(futures: readonly Future[]): string {
  const [first] = futures;
  if (futures.length === 1) return textOf(first);
  const shown = futures.slice(0, PARTS_SHOWN).map(textOf);
  if (futures.length > PARTS_SHOWN) shown.push(`${futures.length - PARTS_SHOWN} more`);
  return `[${shown.join(", ")}]`;
}
