/** The ways in which a task can live and be dropped: as a generator, and as an async function. */
import { CancelledError, type Coroutine, currentTask, type EventLoop, sleep, waitFor } from "../../host/index.js";
import { failure, ignore, type Lives } from "./life.js";

export const taskLives: Lives = {
  "generator, finished": (loop) => {
    loop.createTask(give(1));
  },
  "generator, finished after some iterations": (loop) => {
    loop.createTask(yieldThrice);
  },
  "generator, finished with a name and done callbacks": (loop) => {
    const task = loop.createTask(give(1), { name: "named" });
    task.addDoneCallback(ignore);
    void task.then(ignore);
  },
  "generator, raised and looked at": (loop) => {
    loop.createTask(raise).addDoneCallback((done) => done.exception());
  },
  "generator, raised and never looked at": (loop) => {
    loop.createTask(raise);
  },
  "generator, cancelled before its start": (loop) => {
    loop.createTask(give(1)).cancel("not needed");
  },
  "generator, cancelled while it waits for a future": (loop) => {
    loop.callSoon(cancel, loop.createTask(waitForNothing(loop)));
  },
  "generator, cancelled while it sleeps": (loop) => {
    loop.callSoon(cancel, loop.createTask(sleepLong));
  },
  "generator, cancelled while it waits for a task": (loop) => {
    const inner = loop.createTask(waitForNothing(loop));
    loop.callSoon(cancel, loop.createTask(waitForTask(inner)));
  },
  "generator, cancelled and not minding": (loop) => {
    loop.callSoon(cancel, loop.createTask(swallow(loop)));
  },
  "generator, waiting for a future that is resolved": (loop) => {
    const future = loop.createFuture<number>();
    loop.createTask(waitForTask(future));
    loop.callSoon(() => future.setResult(1));
  },
  "generator, waiting for a task": (loop) => {
    loop.createTask(waitForTask(loop.createTask(yieldThrice)));
  },
  "generator, in time": (loop) => {
    waitFor(loop.createTask(yieldThrice), 60);
  },
  "generator, out of time": (loop) => {
    waitFor(loop.createTask(sleepLong), 0).addDoneCallback((done) => done.exception());
  },
  "async function, finished": (loop) => {
    loop.createTask(async () => 1);
  },
  "async function, finished after some iterations": (loop) => {
    loop.createTask(async () => {
      for (let count = 0; count < 3; count++) await sleep(0);
    });
  },
  "async function, finished after promises": (loop) => {
    loop.createTask(async () => {
      for (let count = 0; count < 3; count++) await null;
    });
  },
  "async function, raised and looked at": (loop) => {
    loop.createTask(raiseLater).addDoneCallback((done) => done.exception());
  },
  "async function, raised and never looked at": (loop) => {
    loop.createTask(raiseLater);
  },
  "async function, cancelled before its start": (loop) => {
    loop.createTask(async () => 1).cancel();
  },
  "async function, cancelled while it awaits a future": (loop) => {
    loop.callSoon(cancel, loop.createTask(awaitNothing(loop)));
  },
  "async function, cancelled while it sleeps": (loop) => {
    loop.callSoon(
      cancel,
      loop.createTask(async () => sleep(60)),
    );
  },
  "async function, cancelled with a signal": (loop) => {
    const task = loop.createTask(awaitNothing(loop));
    task.signal.addEventListener("abort", ignore);
    loop.callSoon(cancel, task);
  },
  "async function, cancelled while it awaits a task": (loop) => {
    const inner = loop.createTask(awaitNothing(loop));
    loop.callSoon(
      cancel,
      loop.createTask(async () => await inner),
    );
  },
  "async function, awaiting a future that is resolved": (loop) => {
    const future = loop.createFuture<number>();
    loop.createTask(async () => await future);
    loop.callSoon(() => future.setResult(1));
  },
  "async function, racing futures of which one wins": (loop) => {
    const winner = loop.createFuture<number>();
    loop.createTask(() => Promise.race([winner, loop.createFuture<number>()]));
    loop.callSoon(() => winner.setResult(1));
  },
  "async function, asking who it is": (loop) => {
    loop.createTask(async () => {
      await sleep(0);
      return currentTask()?.getName();
    });
  },
};

// biome-ignore lint/correctness/useYield: it returns in its first step
function* give(value: number): Coroutine<number> {
  return value;
}

function* yieldThrice(): Coroutine<number> {
  for (let count = 0; count < 3; count++) yield;
  return 3;
}

function* raise(): Coroutine<number> {
  yield;
  throw failure();
}

function* sleepLong(): Coroutine<void> {
  yield* sleep(60);
}

function* waitForNothing(loop: EventLoop): Coroutine<unknown> {
  return yield* loop.createFuture();
}

function* waitForTask<T>(awaited: Iterable<unknown> & { [Symbol.iterator](): Coroutine<T> }): Coroutine<T> {
  return yield* awaited;
}

function* swallow(loop: EventLoop): Coroutine<number> {
  try {
    yield* loop.createFuture();
  } catch (error) {
    if (!(error instanceof CancelledError)) throw error;
    currentTask()?.uncancel();
  }
  yield;
  return 1;
}

async function raiseLater(): Promise<number> {
  await sleep(0);
  throw failure();
}

function awaitNothing(loop: EventLoop): () => Promise<unknown> {
  return async () => await loop.createFuture();
}

/** Called when the task has taken its first step. */
function cancel(task: { cancel(): boolean }): void {
  task.cancel();
}
