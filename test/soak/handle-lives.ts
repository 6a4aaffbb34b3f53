/** The ways in which timers, calls and watches can live and be dropped. */
import { socketpair, type TimerHandle } from "../../host/index.js";
import { failure, ignore, type Lives } from "./life.js";

/** One end is always writable. */
const [socket] = socketpair();

export const handleLives: Lives = {
  "timer, run at once": (loop) => {
    loop.callLater(0, ignore);
  },
  "timer, run when its time came": (loop) => {
    loop.callLater(0.0002, (...words: unknown[]) => words.length, 1, "two");
  },
  "timer, late from the start": (loop) => {
    loop.callAt(loop.time() - 1, ignore);
  },
  "timer, cancelled": (loop) => {
    loop.callLater(60, ignore).cancel();
  },
  "timer, cancelled shortly before its time": (loop) => {
    loop.callLater(0.0002, ignore).cancel();
  },
  "timer, cancelled after it ran": (loop) => {
    const timer: TimerHandle = loop.callLater(0, () => loop.callSoon(() => timer.cancel()));
  },
  "timer, cancelled by its own callback": (loop) => {
    const timer: TimerHandle = loop.callLater(0, () => timer.cancel());
  },
  "timer, replaced again and again": (loop) => {
    let timer = loop.callLater(30, ignore);
    for (let count = 0; count < 3; count++) {
      timer.cancel();
      timer = loop.callLater(30 + count, ignore);
    }
    timer.cancel();
  },
  "timer, set by a timer": (loop) => {
    loop.callLater(0, () => loop.callLater(0, ignore));
  },
  "timer, that raises": (loop) => {
    loop.callLater(0, raise);
  },
  "timer, of the end of time": (loop) => {
    loop.callAt(Number.POSITIVE_INFINITY, ignore).cancel();
  },
  "call, run": (loop) => {
    loop.callSoon((...words: number[]) => words.length, 1, 2, 3);
  },
  "call, run by a wake-up": (loop) => {
    loop.callSoonThreadsafe(ignore);
  },
  "call, cancelled": (loop) => {
    loop.callSoon(ignore).cancel();
  },
  "call, cancelled by another": (loop) => {
    const before = loop.callSoon(() => after.cancel());
    const after = loop.callSoon(ignore);
    void before;
  },
  "call, that raises": (loop) => {
    loop.callSoon(raise);
  },
  "watch, replaced and removed": (loop) => {
    loop.addWriter(socket, ignore);
    loop.addWriter(socket, ignore);
    loop.removeWriter(socket);
  },
  "watch, removed by its own callback": (loop) => {
    loop.addWriter(socket, () => loop.removeWriter(socket));
  },
};

function raise(): never {
  throw failure();
}
