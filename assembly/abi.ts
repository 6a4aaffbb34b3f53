/**
 * The numbers that the core and its hosts share: asc and tsc both compile this file.
 *
 * Owns: versions, limits, enums, record layouts, status codes. Holds only `export const X = n` and `export const enum`,
 * without type annotations, because that is the subset that means the same to both compilers.
 *
 * Does not own: the signatures of imports (`host.ts`) and exports (`index.ts`).
 */

/** Raised whenever an import, an export, a record or a number below changes its meaning. */
export const ABI_VERSION = 5;

/** The name of the one module that the core imports from. */
export const IMPORT_MODULE = "host";

/*
 * Memory. Numbers in it are little-endian. `eventBuffer()`, `batchBuffer()` and `openSeries()` are addresses in the export `memory`, and
 * stay the same as long as the instance lives: a host asks once. Where that memory begins in the host's own address space does not: it
 * may move, or its views be detached, in every call that makes something and in every iteration. So a host computes pointers and views anew
 * after each call into the core, and in an import after each call of its own. It writes nothing but event records and the word of the
 * open series; the core does not check what else it finds changed.
 */

/*
 * An id is a positive i32 that names one slot of the core: a call, a timer, a watch, an arrival, a future, a done callback or a task.
 *
 *   31  30        23 22                    0
 *   +--+------------+-----------------------+
 *   | 0| generation |         index         |     0 is never an id: it means "none"
 *   +--+------------+-----------------------+
 *
 * The host keeps its own objects in a table at `id & INDEX_MASK`, until the id has ended: a call, a timer, a done callback and what
 * `expect` gave when they are dispatched or taken back; a watch when it is removed or replaced; what `listen` gave by `forget`; a future
 * by `settle`, or by `dropFuture` together with its done callbacks; a task after `taskDone`, or by `settle` if it is detached; everything
 * by `clear`. An id that has ended is good for nothing, and once its slot was used 256 times again it is another's.
 */
export const INDEX_BITS = 23;
export const INDEX_MASK = 0x7fffff;
export const GENERATION_MASK = 0xff;
export const NO_ID = 0;

/** Slots that may be alive at once. */
export const SLOTS_MAX = 0x7fffff;

/** File descriptors that may be watched: 0 … FD_MAX. */
export const FD_MAX = 0xfffff;

/** The longest single wait that `pollTimeout` answers, in seconds; a longer timer is waited for in several. */
export const SELECT_TIMEOUT_MAX_SECONDS = 86400;

/** Cancelled timers are swept out of the heap when it holds more than this many entries … */
export const TIMER_SWEEP_MIN = 100;
/** … and more than this share of them is cancelled. */
export const TIMER_SWEEP_SHARE = 0.5;

/*
 * Event record: what happened outside, written by the host at `eventBuffer()`, EVENT_CAPACITY records at the most. The core reads them in
 * `takeEvents(count)`, and when `select` has answered; after that, and before, the buffer is the host's. Records that name what is
 * not alive, not of that kind or of another generation wake nobody.
 *
 *   0        4        8        12       16
 *   +--------+--------+--------+--------+
 *   |  kind  | source | detail |  tag   |   i32 each
 *   +--------+--------+--------+--------+
 *   FdReady:   fd      Readiness  generation that `watch` was given
 *   others:    id      the host's own business, both
 */
export const EVENT_RECORD_BYTES = 16;
export const EVENT_RECORD_WORDS = 4;
export const EVENT_CAPACITY = 1024;
export const EVENT_KIND = 0;
export const EVENT_SOURCE = 1;
export const EVENT_DETAIL = 2;
export const EVENT_TAG = 3;

export const enum EventKind {
  /** `source` is an fd, `detail` a set of Readiness bits, `tag` the generation of its registration. */
  FdReady = 1,
  /** `source` is an id that `expect` or `listen` gave for this kind; so are those of the kinds below. */
  SignalArrived = 2,
  ChildExited = 3,
  WorkFinished = 4,
  ThreadCall = 5,
}

/** What a watch wants to hear of, and what an event tells. `Hangup` stands for errors too, and wakes both sides. */
export const enum Readiness {
  None = 0,
  Read = 1,
  Write = 2,
  Hangup = 4,
}

/*
 * Batch record: what a host that calls `takeReady` has to run, written by the core at `batchBuffer()` and valid until the next `takeReady`
 * or `runReady`. A host reads each when it comes to it, and passes over NO_ID: what ran before may have cancelled or cleared it. It
 * tells itself of what its callbacks raise, `report` is not called.
 *
 *   0        4        8
 *   +--------+--------+
 *   |   id   | action |   i32 each
 *   +--------+--------+
 */
export const BATCH_RECORD_BYTES = 8;
export const BATCH_CAPACITY = 1024;

export const enum BatchAction {
  /** Run the callback that the id stands for. */
  Dispatch = 0,
  /** Resume the task, then call `answer(id, …)`. */
  Resume = 1,
  /** Resume the task by throwing a cancellation into it, then call `answer(id, …)`. */
  ResumeCancelled = 2,
  /** Run the next `id` calls of the host's own queue: a series. */
  RunSeries = 3,
}

/** Of a future or a task. */
export const enum FutureState {
  Pending = 0,
  Cancelled = 1,
  Finished = 2,
}

/** How the host is to resume a task. */
export const enum ResumeHow {
  /** Go on; what was waited for, if anything, is done. */
  Next = 0,
  /** Throw a cancellation at the point where the task waits. */
  Cancel = 1,
}

/** What `resume` answers. A positive answer is the id of the pending future that the task now waits for. */
export const enum Answer {
  /** Gave up one iteration. */
  Yielded = 0,
  Returned = -1,
  Raised = -2,
  /** Ended by letting a cancellation out. */
  Cancelled = -3,
  /** The host itself drives the rest and will call `settle`. */
  Detached = -4,
  /** Ended by a fatal error: counts as raised, and the iteration ends at once. */
  Fatal = -5,
}

/** What `dispatch` answers. */
export const enum Outcome {
  Ok = 0,
  /** The callback raised: the core answers with `report(CallbackRaised, id)`. */
  Raised = 1,
  /** The callback raised an error that ends the run: the rest of the batch stays queued. */
  Fatal = 2,
}

/** Why `runReady`, `runOnce` and `runForever` came back. */
export const enum RunResult {
  /** The batch has run. */
  Done = 0,
  /** `stop` was called: the batch has run, and the flag is cleared by `clearStop`. */
  Stopped = 1,
  /** A callback was fatal: what was left of the batch is still queued. */
  Fatal = 2,
}

/** What `report` is told. */
export const enum Report {
  /** `id`: the call that raised. Its error waits in the host. */
  CallbackRaised = 1,
  /** `id`: the task whose host answered neither an `Answer` nor the id of a pending future. The task goes on as if it had yielded. */
  BadAnswer = 2,
  /** `id`: the number of an event record whose kind the core does not know. */
  BadEvent = 3,
}

/** What exports answer instead of an id or a count; never mistaken for an errno, which is above -1000. */
export const enum Status {
  Ok = 0,
  /** The id names nothing that is alive, or something of another kind. */
  BadId = -1001,
  /** The future is not pending. */
  InvalidState = -1002,
  /** NaN where a time was due. */
  BadTime = -1003,
  /** An fd outside 0 … FD_MAX. */
  BadFd = -1004,
  /** SLOTS_MAX slots are alive. */
  OutOfSlots = -1005,
  /** The loop is running already. */
  Running = -1006,
  /** Not an EventKind whose source is an id. */
  BadKind = -1007,
}
