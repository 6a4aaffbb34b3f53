/**
 * The loop's side of what one thread shares with it.
 *
 * Owns: a port, the callbacks that may be called through it, the calls that have come and not been queued, and the tasks that
 * somebody waits for at its other end. An event record of the kind ThreadCall tells the core that there are any; they are then
 * queued in the order in which they were made, a limited number in each iteration: threads may call faster than a loop can run.
 *
 * Does not own: waking the loop's thread (`shared-words.ts`), the other end (`remote-loop.ts`).
 */
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { EventKind } from "../../assembly/abi.js";
import { CancelledError, describe, typeError } from "../errors.js";
import { describeError } from "../executors/outcome.js";
import { unwrapTransfers } from "../executors/transfer.js";
import type { Future } from "../futures/future.js";
import type { TaskBody } from "../futures/task-body.js";
import type { EventLoop } from "../loop/event-loop.js";
import { boundCall, type Callback } from "../scheduler/call.js";
import { captureContext } from "../scheduler/context.js";
import type { Handle } from "../scheduler/handle.js";
import type { Answer, Request } from "./messages.js";
import type { SharedWords } from "./shared-words.js";

/** How many calls of one thread are queued in one iteration … */
const CALLS_PER_ITERATION = 256;
/** … and how many are taken at a time by a run that keeps the thread. */
const CALLS_PER_COLLECTION = 4096;

export class Channel {
  readonly #loop: EventLoop;
  readonly #port: MessagePort;
  readonly #words: SharedWords;
  readonly #callbacks: ReadonlyMap<string, Callback>;
  /** Callbacks see the stores that were current where they were shared. */
  readonly #context = captureContext();
  readonly #tasks = new Map<number, Future>();
  readonly #arrival: Handle;
  /** What has come last … */
  #inbox: Request[] = [];
  /** … and before that, of which the first `#queued` are done with. */
  #older: Request[] = [];
  #queued = 0;
  #isClosed = false;

  /** @param closed called when nobody can call through it any more */
  constructor(
    loop: EventLoop,
    port: MessagePort,
    words: SharedWords,
    callbacks: ReadonlyMap<string, Callback>,
    closed: (channel: Channel) => void,
  ) {
    this.#loop = loop;
    this.#port = port;
    this.#words = words;
    this.#callbacks = callbacks;
    this.#arrival = loop._scheduler.listen(EventKind.ThreadCall, () => this.#queueSome());
    port.on("message", (request: Request) => this.#receive(request));
    port.on("close", () => {
      // The thread has ended. What it has called before is still to run.
      this.#isClosed = true;
      if (!this.#hasCalls) this.#arrival.cancel();
      closed(this);
    });
    // It is the loop's run that keeps the process alive, and the thread that calls.
    port.unref();
  }

  /** Takes what has come, for a thread on which Node's loop stands still. Returns whether that was all. */
  collect(): boolean {
    for (let taken = 0; taken < CALLS_PER_COLLECTION; taken++) {
      const received = receiveMessageOnPort(this.#port) as { message: Request } | undefined;
      if (received === undefined) return true;
      this.#take(received.message);
      if (this.#inbox.length === 1) this.#loop._scheduler.arrived(EventKind.ThreadCall, this.#arrival);
    }
    return false;
  }

  close(): void {
    this.#port.close();
  }

  /** Node's loop has delivered one, and more may have come: those are cheaper to fetch. */
  #receive(request: Request): void {
    this.#take(request);
    for (let taken = 1; taken < CALLS_PER_ITERATION && this.#words.areUnderWay; taken++) {
      const received = receiveMessageOnPort(this.#port) as { message: Request } | undefined;
      if (received === undefined) break;
      this.#take(received.message);
    }
    this.#loop._scheduler.arrivedNow(EventKind.ThreadCall, this.#arrival);
  }

  #take(request: Request): void {
    this.#words.noteTaken();
    this.#inbox.push(request);
  }

  #queueSome(): void {
    const scheduler = this.#loop._scheduler;
    if (this.#queued === this.#older.length) {
      this.#older = this.#inbox;
      this.#inbox = [];
      this.#queued = 0;
    }
    const end = Math.min(this.#older.length, this.#queued + CALLS_PER_ITERATION);
    try {
      for (; this.#queued < end; this.#queued++) scheduler.callSoon(this.#callOf(this.#older[this.#queued] as Request));
    } finally {
      if (this.#hasCalls) scheduler.arrived(EventKind.ThreadCall, this.#arrival);
      else if (this.#isClosed) this.#arrival.cancel();
    }
  }

  get #hasCalls(): boolean {
    return this.#queued < this.#older.length || this.#inbox.length > 0;
  }

  #callOf(request: Request): ReturnType<typeof boundCall> {
    if (!Array.isArray(request)) return boundCall(refuse, [request], this.#context);
    const [name, args, id] = request as readonly [name: string | number, args: readonly unknown[], id?: number];
    if (typeof name === "number") return boundCall(() => this.#tasks.get(name)?.cancel(), [], this.#context);
    const callback = Array.isArray(args) ? this.#callbacks.get(name) : undefined;
    if (callback === undefined) return boundCall(refuse, [request], this.#context);
    if (id === undefined) return boundCall(callback, args, this.#context);
    return boundCall(() => this.#start(id, () => callback(...args)), [], this.#context);
  }

  #start(id: number, body: () => unknown): void {
    let task: Future;
    try {
      task = this.#loop.createTask(body as TaskBody<unknown>);
    } catch (error) {
      this.#post({ id, error: describeError(error, false) });
      this.#words.noteAnswer();
      return;
    }
    this.#tasks.set(id, task);
    task.addDoneCallback(() => {
      this.#tasks.delete(id);
      this.#answer(id, task);
    });
  }

  #answer(id: number, task: Future): void {
    if (task.cancelled()) this.#post({ id, cancelled: cancelMessageOf(task) });
    else if (task._failed) this.#post({ id, error: describeError(task.exception(), false) });
    else this.#postResult(id, task.result());
    this.#words.noteAnswer();
  }

  #postResult(id: number, result: unknown): void {
    const { values, list } = unwrapTransfers([result]);
    try {
      this.#post({ id, value: values[0] }, list);
    } catch (error) {
      const why = `what the coroutine returned cannot be sent to the thread that asked for it (${(error as Error).message}): return plain data, not ${describe(result)}`;
      this.#post({ id, error: describeError(typeError("ERR_RESULT_NOT_CLONEABLE", why), false) });
    }
  }

  #post(answer: Answer, list: readonly unknown[] = []): void {
    this.#port.postMessage(answer, list as never[]);
  }
}

/** What is called for a message that no RemoteLoop has sent. */
function refuse(request: unknown): never {
  throw typeError("ERR_NOT_A_CALL", `a thread has posted ${describe(request)} to a loop: call it through a RemoteLoop`);
}

function cancelMessageOf(task: Future): string {
  try {
    task.result();
  } catch (error) {
    if (error instanceof CancelledError) return error.message;
  }
  return "";
}
