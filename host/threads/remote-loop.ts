/**
 * A loop of another thread, as this one sees it.
 *
 * Owns: the calling end of a port that `EventLoop.share` has made, and the futures whose outcome has not come yet. Needs
 * neither a loop of its own nor the core.
 *
 * Does not own: the loop's end (`channel.ts`).
 *
 * From: CPython 3.11, base_events `call_soon_threadsafe` and tasks `run_coroutine_threadsafe`. Differs: functions do not cross
 * threads, so both take the name of a callback that the loop's thread has shared; and a call cannot be taken back.
 */
import { performance } from "node:perf_hooks";
import { MessagePort, moveMessagePortToContext, receiveMessageOnPort, threadId } from "node:worker_threads";
import { CancelledError, describe, messageOf, RuntimeError, TimeoutError, typeError, ValueError } from "../errors.js";
import { errorOf } from "../executors/outcome.js";
import { unwrapTransfers } from "../executors/transfer.js";
import { checkSeconds } from "../futures/sleep.js";
import type { Answer, Hello, Request } from "./messages.js";
import { RemoteFuture, type RemoteWork } from "./remote-future.js";
import { SharedWords } from "./shared-words.js";

/** The callbacks of a share, by name. */
// biome-ignore lint/suspicious/noExplicitAny: a callback's parameters are its owner's business
export type SharedCallbacks = Record<string, (...args: any[]) => unknown>;

/** What running a callback as a task comes to. */
// biome-ignore lint/suspicious/noExplicitAny: what a coroutine yields is between it and its loop
export type Outcome<R> = R extends Generator<any, infer T, any> ? T : Awaited<R>;

const MS_PER_SECOND = 1000;
/** A thread that was terminated tells nobody: how long those who block wait before they look whether it is there, in milliseconds. */
const LOOK_MS = 100;

/** A loop of another thread: `new RemoteLoop(port)`, with the port that `loop.share(callbacks)` gave there. */
export class RemoteLoop<Callbacks extends SharedCallbacks = SharedCallbacks> {
  readonly #port: MessagePort;
  readonly #hello: Hello;
  readonly #words: SharedWords;
  readonly #futures = new Map<number, RemoteFuture<unknown>>();
  #idsMade = 0;
  #isOpen = true;
  readonly #work: RemoteWork = {
    cancel: (id) => this.#isOpen && this.#post([id]),
    wait: (future, timeoutSeconds) => this.#wait(future, timeoutSeconds),
  };

  /**
   * @param port what `share` returned, transferred to this thread
   * @throws TypeError `ERR_INVALID_ARG_TYPE`; ValueError `ERR_NOT_A_SHARE` for a port of something else, and for one that is in use already
   */
  constructor(port: MessagePort) {
    if (!(port instanceof MessagePort)) {
      throw typeError("ERR_INVALID_ARG_TYPE", `the port that loop.share() returned is required, not ${describe(port)}`);
    }
    const hello = receiveMessageOnPort(port)?.message as Hello | undefined;
    if (hello?.wasyncio !== "share") {
      throw new ValueError(
        "ERR_NOT_A_SHARE",
        "no loop answers at this port: pass what loop.share() returned, to one RemoteLoop only",
      );
    }
    this.#port = port;
    this.#hello = hello;
    this.#words = new SharedWords(hello.words);
    port.on("message", (answer: Answer) => this.#take(answer));
    port.on("close", () => this.#closed());
    port.unref();
  }

  /** Whether the loop was closed, or this end of it. */
  isClosed(): boolean {
    return !this.#isOpen || this.#words.isClosed;
  }

  /**
   * Has the loop call a callback that it shares, in its next iteration; an idle loop wakes. Calls through one
   * RemoteLoop run in the order in which they were made, those that have not run when the loop is closed are lost. A
   * thread that is 16,384 calls ahead waits a millisecond at each.
   *
   * @param args cloned; `transfer` moves what is in them
   * @throws RuntimeError `ERR_LOOP_CLOSED`; ValueError `ERR_UNKNOWN_CALLBACK`; TypeError `ERR_INVALID_ARG_TYPE`,
   *   `ERR_COROUTINE_CALLBACK`, and `ERR_NOT_CLONEABLE` for arguments that cannot be sent
   */
  callSoonThreadsafe<Name extends keyof Callbacks & string>(name: Name, ...args: Parameters<Callbacks[Name]>): void {
    this.#check(name);
    if (this.#hello.names.get(name)) {
      throw typeError(
        "ERR_COROUTINE_CALLBACK",
        `coroutines cannot be used with callSoonThreadsafe(): use runCoroutineThreadsafe(${JSON.stringify(name)}), or share a plain function`,
      );
    }
    const { values, list } = unwrapTransfers(args);
    this.#post([name, values], list);
  }

  /**
   * Has the loop run a coroutine function that it shares, as a task.
   *
   * @param args as for `callSoonThreadsafe`
   * @returns what it comes to. Errors keep their name, message, code and stack
   * @throws as `callSoonThreadsafe`
   */
  runCoroutineThreadsafe<Name extends keyof Callbacks & string>(
    name: Name,
    ...args: Parameters<Callbacks[Name]>
  ): RemoteFuture<Outcome<ReturnType<Callbacks[Name]>>> {
    this.#check(name);
    const id = ++this.#idsMade;
    const { values, list } = unwrapTransfers(args);
    this.#post([name, values, id], list);
    const future = new RemoteFuture<Outcome<ReturnType<Callbacks[Name]>>>(this.#work, id);
    this.#futures.set(id, future as RemoteFuture<unknown>);
    this.#port.ref();
    return future;
  }

  /** Gives the port back. What has not been answered fails; the loop goes on with it. */
  close(): void {
    this.#port.close();
    this.#fail("ERR_REMOTE_CLOSED", "the RemoteLoop was closed before the answer came: await it first");
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #check(name: string): void {
    if (this.isClosed()) throw closedError();
    if (this.#hello.names.has(name)) return;
    if (typeof name !== "string") {
      const hint = "functions do not cross threads, so share() one, and call it by its name";
      throw typeError(
        "ERR_INVALID_ARG_TYPE",
        `the name of a callback must be a string, not ${describe(name)}: ${hint}`,
      );
    }
    const known = [...this.#hello.names.keys()].join(", ") || "nothing";
    throw new ValueError(
      "ERR_UNKNOWN_CALLBACK",
      `the loop shares no callback ${JSON.stringify(name)}: it shares ${known}`,
    );
  }

  #post(request: Request, list?: readonly unknown[]): void {
    try {
      this.#port.postMessage(request, list as never[] | undefined);
    } catch (error) {
      const hint = "pass plain data, or share a function under a name";
      throw Object.assign(
        typeError(
          "ERR_NOT_CLONEABLE",
          `an argument cannot be sent to the loop's thread (${messageOf(error)}): ${hint}`,
        ),
        { cause: error },
      );
    }
    this.#words.notePost(this.#hello.wakeFd);
    if (this.#hello.threadId !== threadId) this.#words.holdBack();
  }

  #take(answer: Answer): void {
    const future = this.#futures.get(answer.id);
    if (future === undefined) return;
    this.#futures.delete(answer.id);
    if (this.#futures.size === 0) this.#port.unref();
    if ("value" in answer) future._settle(null, answer.value);
    else if ("error" in answer) future._settle(errorOf(answer.error), undefined);
    else future._settle(new CancelledError(answer.cancelled), undefined);
  }

  /** Takes what has come although Node's loop stands still. */
  #collect(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#port) as { message: Answer } | undefined;
      if (received === undefined) return;
      this.#take(received.message);
    }
  }

  #wait(future: RemoteFuture<unknown>, timeoutSeconds: number): void {
    checkSeconds("timeout", timeoutSeconds);
    if (this.#hello.threadId === threadId) {
      throw new RuntimeError(
        "ERR_DEADLOCK",
        "result() would block the thread of the loop that it waits for: await the future instead",
      );
    }
    const end = performance.now() + timeoutSeconds * MS_PER_SECOND;
    // Not in the first round: looking whether the port is closed costs more than most answers take.
    for (let isFirst = true; ; isFirst = false) {
      const seen = this.#words.answered;
      const { isClosed } = this.#words;
      this.#collect();
      if (future.done()) return;
      if (isClosed || (!isFirst && hasClosed(this.#port))) return this.#closed();
      const left = end - performance.now();
      if (left <= 0) {
        throw new TimeoutError(`the coroutine did not end within ${timeoutSeconds} seconds, and goes on`);
      }
      this.#words.waitForAnswer(seen, Math.min(left, LOOK_MS));
    }
  }

  #closed(): void {
    this.#fail("ERR_LOOP_CLOSED", "Event loop is closed: its thread has closed it, or has ended");
  }

  #fail(code: string, message: string): void {
    this.#isOpen = false;
    const futures = [...this.#futures.values()];
    this.#futures.clear();
    for (const future of futures) future._settle(new RuntimeError(code, message), undefined);
  }
}

/**
 * Whether a port is closed. Nothing says so while Node's loop stands still. So this asks for something that fails in any case, and looks at
 * the reason.
 */
function hasClosed(port: MessagePort): boolean {
  try {
    moveMessagePortToContext(port, {});
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code).endsWith("_CLOSED_MESSAGE_PORT");
  }
  return false;
}

function closedError(): RuntimeError {
  return new RuntimeError("ERR_LOOP_CLOSED", "Event loop is closed: nobody can call it any more");
}
