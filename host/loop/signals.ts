/**
 * Signals of the system.
 *
 * Owns: which callback a loop calls for which signal, and having Node listen for as long as there is one.
 *
 * Does not own: catching signals, which is Node's; when the callback runs (the core: it is told by an event record).
 *
 * From: CPython 3.13 unix_events `add_signal_handler`. Differs: SIGKILL and SIGSTOP are a ValueError, as the documentation
 * has it; what else listens in the process goes on listening.
 */
import { isMainThread } from "node:worker_threads";
import { EventKind } from "../../assembly/abi.js";
import { RuntimeError, ValueError } from "../errors.js";
import { checkSignal } from "../processes/signal-names.js";
import { type Call, checkCall } from "../scheduler/call.js";
import type { Handle } from "../scheduler/handle.js";
import type { Scheduler } from "../scheduler/scheduler.js";
import { noteSource } from "../scheduler/source.js";

const UNCATCHABLE = ["SIGKILL", "SIGSTOP"];

interface Registered {
  readonly handle: Handle;
  readonly listener: () => void;
}

export class SignalHandlers {
  readonly #scheduler: Scheduler;
  readonly #handlers = new Map<NodeJS.Signals, Registered>();

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Calls `call` whenever the signal arrives, in the place of what was called before. */
  add(signal: NodeJS.Signals | number, call: Call): void {
    const name = checkSignal(signal);
    if (UNCATCHABLE.includes(name)) {
      throw new ValueError("ERR_BAD_SIGNAL", `${name} cannot be caught: ask for another signal, such as SIGTERM`);
    }
    if (!isMainThread) {
      const hint = "add the handler in the main thread, and post a message to this one";
      throw new RuntimeError("ERR_NOT_MAIN_THREAD", `Signals reach the main thread only: ${hint}`);
    }
    this.#scheduler.driver.checkOutside("signals");
    this.#scheduler.checkNodeGoesOn("signals arrive");
    const before = this.#handlers.get(name);
    const handle = before === undefined ? this.#listen(call) : this.#replaceCall(before.handle, call);
    const listener = (): void => this.#scheduler.arrived(EventKind.SignalArrived, handle);
    this.#handlers.set(name, { handle, listener });
    process.on(name, listener);
    // Were nobody listening in between, a signal that is on its way would be lost, and one that came just then would end the process.
    if (before !== undefined) process.off(name, before.listener);
  }

  /** Ends what `add` began. Answers whether there was anything to end. */
  remove(signal: NodeJS.Signals | number): boolean {
    const name = checkSignal(signal);
    const registered = this.#handlers.get(name);
    if (registered === undefined) return false;
    this.#handlers.delete(name);
    process.off(name, registered.listener);
    registered.handle.cancel();
    return true;
  }

  /** Ends all of it. */
  close(): void {
    for (const name of [...this.#handlers.keys()]) this.remove(name);
  }

  #listen(call: Call): Handle {
    return this.#scheduler.listen(EventKind.SignalArrived, call);
  }

  /** The handle stays, so that what has arrived for it and was not handled calls the new one. */
  #replaceCall(handle: Handle, call: Call): Handle {
    checkCall(call);
    handle._call = call;
    if (this.#scheduler.debug) noteSource(handle);
    return handle;
  }
}
