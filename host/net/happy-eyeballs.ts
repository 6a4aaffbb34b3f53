/**
 * Happy Eyeballs: several addresses of one host are tried at once, each a while after the one before, and the first to
 * connect wins (RFC 8305).
 *
 * Owns: the order in which families take turns; when the next attempt begins; closing what the losers have opened.
 *
 * Does not own: one attempt (`connect.ts`), resolving.
 *
 * From: CPython 3.13 `staggered.staggered_race` and base_events `_interleave_addrinfos`. Differs: the losers are closed
 * before the winner is handed on.
 */

import { Operation, type Work } from "../futures/operation.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { TimerHandle } from "../scheduler/handle.js";
import type { AddressInfo } from "./resolve.js";
import type { Socket } from "./socket.js";

/**
 * Lets the families of addresses take turns, in the order in which each first appears.
 *
 * @param firstCount how many addresses of the first family come before the first of another, at least 1
 */
export function interleaveFamilies(infos: readonly AddressInfo[], firstCount: number): AddressInfo[] {
  const families = new Map<number, AddressInfo[]>();
  for (const info of infos) {
    const family = families.get(info.family);
    if (family === undefined) families.set(info.family, [info]);
    else family.push(info);
  }
  const lists = [...families.values()];
  const ordered = lists[0]?.splice(0, firstCount - 1) ?? [];
  const rounds = Math.max(0, ...lists.map((list) => list.length));
  for (let round = 0; round < rounds; round++) {
    for (const { [round]: info } of lists) if (info !== undefined) ordered.push(info);
  }
  return ordered;
}

/**
 * Attempts to connect to each address, the next one as soon as the latest has failed, or has taken `delaySeconds`.
 *
 * @param attempt what connects to one address; it closes its socket when it is cancelled
 * @returns the socket of whoever was first. Every other one is closed by then, and so are all when the work is cancelled
 * @throws AggregateError of the errors of all attempts, in the order of their addresses
 */
export function* race(
  loop: EventLoop,
  infos: readonly AddressInfo[],
  delaySeconds: number,
  attempt: (info: AddressInfo) => Work<Socket>,
): Work<Socket> {
  const attempts: Operation<Socket>[] = [];
  let winner: Operation<Socket> | undefined;
  let timer: TimerHandle | null = null;
  let isDue = true;
  let woken = loop.createFuture<void>();
  const wake = (): void => {
    if (!woken.done()) woken.setResult(undefined);
  };
  const next = (): void => {
    isDue = true;
    wake();
  };
  try {
    for (;;) {
      winner = attempts.find(hasConnected);
      if (winner !== undefined) return winner.result();
      const info = infos[attempts.length];
      if (info !== undefined && (isDue || attempts.at(-1)?.done())) {
        timer?.cancel();
        isDue = false;
        const begun = new Operation(loop, attempt(info));
        attempts.push(begun);
        begun.addDoneCallback(wake);
        timer = attempts.length < infos.length ? loop.callLater(delaySeconds, next) : null;
      } else if (info === undefined && attempts.every((each) => each.done())) {
        throw new AggregateError(attempts.map((each) => each.exception()));
      } else {
        yield woken;
        woken = loop.createFuture<void>();
      }
    }
  } finally {
    timer?.cancel();
    // Two may have connected in the same iteration, and one may be done whose callback has not been called.
    for (const each of attempts) if (each !== winner && !each.cancel() && hasConnected(each)) each.result()._close();
  }
}

function hasConnected(attempt: Operation<Socket>): boolean {
  return attempt.done() && !attempt.cancelled() && attempt.exception() === null;
}
