/**
 * Telling a loop's exception handler.
 *
 * Owns: what becomes of an error that the handler throws. Does not own: what is told, nor what a fatal error ends.
 */
import { logError } from "../complaints.js";
import { FatalError } from "../errors.js";
import type { SchedulerOwner } from "./scheduler.js";

/** Calls the handler. Answers the fatal error that it has thrown, or null. */
export function tellHandler(
  owner: Pick<SchedulerOwner, "callExceptionHandler">,
  context: Parameters<SchedulerOwner["callExceptionHandler"]>[0],
): FatalError | null {
  try {
    owner.callExceptionHandler(context);
  } catch (error) {
    if (error instanceof FatalError) return error;
    // A loop's own class may have another `callExceptionHandler`.
    logError("Exception in callExceptionHandler", error);
  }
  return null;
}
