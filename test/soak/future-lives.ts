/** The ways in which a future can live and be dropped. */
import { type EventLoop, ensureFuture, gather, shield, sleep, wait } from "../../host/index.js";
import { failure, ignore, type Lives } from "./life.js";

export const futureLives: Lives = {
  "future, pending and never looked at": (loop) => {
    loop.createFuture();
  },
  "future, pending with done callbacks": (loop) => {
    const future = loop.createFuture();
    future.addDoneCallback(ignore);
    future.addDoneCallback(() => future.result());
  },
  "future, pending with a callback that was taken back": (loop) => {
    const future = loop.createFuture();
    future.addDoneCallback(ignore);
    future.removeDoneCallback(ignore);
  },
  "future, pending and awaited by nobody's async function": (loop) => {
    void awaitOutsideTasks(loop);
  },
  "future, resolved and never looked at": (loop) => {
    loop.createFuture<number>().setResult(1);
  },
  "future, resolved with done callbacks": (loop) => {
    const future = loop.createFuture<number>();
    future.addDoneCallback(ignore);
    future.addDoneCallback((done) => done.result());
    future.setResult(1);
  },
  "future, resolved and followed by a promise": (loop) => {
    const future = loop.createFuture<number>();
    void future.then(ignore);
    future.setResult(1);
  },
  "future, resolved before its callback came": (loop) => {
    const future = loop.createFuture<number>();
    future.setResult(1);
    future.addDoneCallback(ignore);
  },
  "future, failed and looked at": (loop) => {
    const future = loop.createFuture();
    future.setException(failure());
    future.exception();
  },
  "future, failed with a callback that looks": (loop) => {
    const future = loop.createFuture();
    future.addDoneCallback((done) => done.exception());
    future.setException(failure());
  },
  "future, failed and followed by a promise": (loop) => {
    const future = loop.createFuture();
    future.catch(ignore);
    future.setException(failure());
  },
  "future, failed and never looked at": (loop) => {
    loop.createFuture().setException(failure());
  },
  "future, cancelled": (loop) => {
    loop.createFuture().cancel("not needed");
  },
  "future, cancelled with done callbacks": (loop) => {
    const future = loop.createFuture();
    future.addDoneCallback(ignore);
    future.cancel();
  },
  "promise, followed to its value": (loop) => {
    ensureFuture(Promise.resolve(1), { loop });
  },
  "promise, followed and never settled": (loop) => {
    ensureFuture(new Promise(ignore), { loop }).addDoneCallback(ignore);
  },
  "sleep, never awaited": () => {
    sleep(0);
  },
  "sleep, cancelled": () => {
    sleep(60).cancel();
  },
  "sleep, dropped before it ends": () => {
    sleep(0.0001);
  },
  "gather, of futures that are resolved": (loop) => {
    const children = [loop.createFuture<number>(), loop.createFuture<number>()];
    gather(children).addDoneCallback(ignore);
    for (const child of children) child.setResult(1);
  },
  "gather, dropped with its futures": (loop) => {
    gather([loop.createFuture(), loop.createFuture()]).addDoneCallback(ignore);
  },
  "gather, cancelled": (loop) => {
    gather([loop.createFuture(), loop.createFuture()]).cancel();
  },
  "gather, failed while another is pending": (loop) => {
    const failing = loop.createFuture();
    const outer = gather([loop.createFuture(), failing]);
    outer.addDoneCallback((done) => done.exception());
    failing.setException(failure());
  },
  "shield, resolved": (loop) => {
    const inner = loop.createFuture<number>();
    shield(inner).addDoneCallback(ignore);
    inner.setResult(1);
  },
  "shield, cancelled again and again around one future": (loop) => {
    const inner = loop.createFuture<number>();
    for (let count = 0; count < 3; count++) shield(inner).cancel();
  },
  "shield, dropped with its future": (loop) => {
    shield(loop.createFuture()).addDoneCallback(ignore);
  },
  "wait, until the first of two": (loop) => {
    const first = loop.createFuture<number>();
    wait([first, loop.createFuture<number>()], { returnWhen: "FIRST_COMPLETED", timeout: 60 });
    first.setResult(1);
  },
  "wait, out of time": (loop) => {
    wait([loop.createFuture()], { timeout: 0.0001 });
  },
};

async function awaitOutsideTasks(loop: EventLoop): Promise<void> {
  await loop.createFuture();
}
