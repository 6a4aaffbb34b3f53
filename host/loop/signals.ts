/**
 * Signals of the system.
 *
 * Owns: which callback a loop calls for which signal, and having Node listen for as long as there is one.
 *
 * Does not own: catching signals, which is Node's; when the callback runs (the core: it is told by an event record).
 *
 * From: CPython 3.11 unix_events `add_signal_handler`. Differs: SIGKILL and SIGSTOP are a ValueError, as the documentation
 * has it; what else listens in the process goes on listening.
 */
import { constants } from "node:os";
import { isMainThread } from "node:worker_threads";
import { EventKind } from "../../assembly/abi.js";
import { describe, RuntimeError, typeError, ValueError } from "../errors.js";
import type { Call } from "../scheduler/call.js";
import type { Handle } from "../scheduler/handle.js";
import type { Scheduler } from "../scheduler/scheduler.js";

const UNCATCHABLE = ["SIGKILL", "SIGSTOP"];
const NAMES = new Map(Object.entries(constants.signals).map(([name, number]) => [number as number, name]));

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
      throw new ValueError("ERR_BAD_SIGNAL", `${name} cannot be caught: ask for another signal, such as SIGTERM.`);
    }
    if (!isMainThread) {
      const hint = "add the handler in the main thread, and post a message to this one";
      throw new RuntimeError("ERR_NOT_MAIN_THREAD", `Signals reach the main thread only: ${hint}.`);
    }
    this.#scheduler.driver.checkOutside("signals");
    const handle = this.#scheduler.listen(EventKind.SignalArrived, call);
    const listener = (): void => this.#scheduler.arrived(EventKind.SignalArrived, handle);
    this.remove(name);
    this.#handlers.set(name, { handle, listener });
    process.on(name, listener);
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
}

/**
 * The name of a signal that Node knows.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`; ValueError `ERR_BAD_SIGNAL`
 */
export function checkSignal(signal: unknown): NodeJS.Signals {
  if (typeof signal !== "string" && typeof signal !== "number") {
    const wanted = "a name such as SIGINT, or a number";
    throw typeError("ERR_INVALID_ARG_TYPE", `The signal must be ${wanted}, not ${describe(signal)}.`);
  }
  const name = typeof signal === "number" ? NAMES.get(signal) : Object.hasOwn(constants.signals, signal) && signal;
  if (name) return name as NodeJS.Signals;
  throw new ValueError("ERR_BAD_SIGNAL", `${JSON.stringify(signal)} is no signal that this system and Node have.`);
}
