/**
 * Names and numbers of signals.
 *
 * Owns: which there are. Does not own: catching (`loop/signals.ts`) and sending them.
 */
import { constants } from "node:os";
import { describe, typeError, ValueError } from "../errors.js";

/** The real-time signals, for which Node has no names. */
const REAL_TIME = { min: 34, max: 64 };

const NAMES = new Map(Object.entries(constants.signals).map(([name, number]) => [number as number, name]));

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

/**
 * A signal that can be sent: one that Node knows, a real-time one by its number, or 0, which only asks whether the process is there.
 *
 * @throws as `checkSignal`
 */
export function checkSendable(signal: unknown): NodeJS.Signals | number {
  if (signal === 0 || isRealTime(signal)) return signal;
  return checkSignal(signal);
}

/** Whether it is the number of a real-time signal. */
export function isRealTime(signal: unknown): signal is number {
  return Number.isInteger(signal) && (signal as number) >= REAL_TIME.min && (signal as number) <= REAL_TIME.max;
}
