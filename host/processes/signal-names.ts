/**
 * Names and numbers of signals.
 *
 * Owns: which there are. Does not own: catching (`loop/signals.ts`) and sending them.
 */
import { constants } from "node:os";
import { describe, typeError, ValueError } from "../errors.js";

/** The real-time signals, for which Node has no names. */
const REAL_TIME = { min: 34, max: 64 };

/** One name for each: of two, as of SIGABRT and SIGIOT, it is the first. */
const NAMES = new Map(
  Object.entries(constants.signals)
    .reverse()
    .map(([name, number]) => [number as number, name]),
);

/**
 * The name of a signal that Node knows, and the same one for a signal that has several.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`; ValueError `ERR_BAD_SIGNAL`
 */
export function checkSignal(signal: unknown): NodeJS.Signals {
  if (typeof signal !== "string" && typeof signal !== "number") {
    const wanted = "a name such as SIGINT, or a number";
    throw typeError("ERR_INVALID_ARG_TYPE", `The signal must be ${wanted}, not ${describe(signal)}`);
  }
  const number = typeof signal === "number" ? signal : numberOf(signal);
  const name = number === undefined ? undefined : NAMES.get(number);
  if (name !== undefined) return name as NodeJS.Signals;
  const hint =
    typeof signal === "string" && numberOf(`SIG${signal}`) !== undefined ? `: its name is "SIG${signal}"` : "";
  const problem = `${typeof signal === "number" ? signal : JSON.stringify(signal)} is no signal that this system and Node have`;
  throw new ValueError("ERR_BAD_SIGNAL", `${problem}${hint}`);
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
function isRealTime(signal: unknown): signal is number {
  return Number.isInteger(signal) && (signal as number) >= REAL_TIME.min && (signal as number) <= REAL_TIME.max;
}

function numberOf(name: string): number | undefined {
  return Object.hasOwn(constants.signals, name) ? constants.signals[name as NodeJS.Signals] : undefined;
}
