/**
 * The programs that the oracle runs on CPython and we run on wasyncio, and the records it keeps of them.
 *
 * Owns: the shape of `traces.jsonl`, one `Recorded` a line, and how a program is printed for a person. README.md says what each
 * instruction does.
 *
 * Does not own: running them (`interpreter.ts` here, `session.py` on CPython).
 */

/** What futures hold and coroutines return. */
export type Value = number | null | unknown[];

/**
 * An instruction that any callback or coroutine can carry out. Labels name handles `h`, futures `f`, tasks `t`, gatherings `g`, shields `s`, functions
 * `c`, locks `l`, events `e`, semaphores `m`, queues `q`, task groups `n` and time limits `w`.
 */
export type Op =
  | ThingOp
  | BlockOp
  | ["soon", handle: string, body: Op[]]
  | ["later", handle: string, ticks: number, body: Op[]]
  | ["at", handle: string, ticks: number, body: Op[]]
  | ["drop", handle: string]
  | ["when", handle: string]
  | ["stop"]
  | ["future", label: string]
  | ["task", label: string, body: Step[]]
  | ["gather", label: string, inner: string, returnExceptions: boolean]
  | ["shield", label: string, inner: string]
  | ["set", label: string, value: number]
  | ["fail", label: string, message: string]
  | ["cancel", label: string, message?: string]
  | ["add", label: string, fn: string]
  | ["remove", label: string, fn: string]
  | ["state", label: string]
  | ["result", label: string]
  | ["exception", label: string]
  | ["cancelling", task: string]
  | ["uncancel", task: string]
  | ["current"]
  | ["raise", message: string]
  | ["throwCancelled", message?: string]
  | ["interrupt"];

/** One that is about a lock, an event, a semaphore or a queue. */
export type ThingOp =
  | ["lock", label: string]
  | ["event", label: string]
  | ["semaphore", label: string, value: number, isBounded: boolean]
  | ["queue", label: string, maxsize: number]
  | ["release", label: string]
  | ["setEvent", label: string]
  | ["clearEvent", label: string]
  | ["putNowait", label: string, item: number]
  | ["getNowait", label: string]
  | ["taskDone", label: string]
  | ["tell", label: string];

/** One of those that can wait. */
export type ThingStep =
  | ["acquire", label: string]
  | ["waitEvent", label: string]
  | ["put", label: string, item: number]
  | ["get", label: string]
  | ["join", label: string];

/** One that is about a task group or a time limit. */
export type BlockOp =
  | ["member", group: string, task: string, body: Step[]]
  | ["reschedule", limit: string, ticks: number | null]
  | ["expired", limit: string];

/** A block of a coroutine that is a task group, or has a time limit. */
export type BlockStep =
  | ["group", label: string, body: Step[]]
  | ["limit", label: string, ticks: number | null, body: Step[]];

/** An instruction of a coroutine: one of the above, or one that can wait. */
export type Step =
  | Op
  | ThingStep
  | BlockStep
  | ["hold", label: string, body: Step[]]
  | ["sleep", ticks: number, value: Value]
  | ["yield"]
  | ["await", label: string]
  | ["badYield"]
  | ["call", body: Step[]]
  | ["return", value: number]
  | ["try", body: Step[], kind: "cancel" | "error" | "any", handler: Step[], then: "swallow" | "raise", final: Step[]];

/** One run of the loop: what is done before it, and whether it ends with a future or with `stop()`. */
export interface Phase {
  readonly setup: Op[];
  readonly until?: string;
}

export interface Program {
  readonly phases: Phase[];
  /** Whether tasks take their first step when they are made. */
  readonly eager?: boolean;
  /** The bodies of done callbacks, by label. */
  readonly functions: Record<string, Op[]>;
}

/** A program, where it comes from, and the events that CPython produced: `<ticks> <what happened>`. */
export interface Recorded extends Program {
  readonly kind: string;
  readonly seed?: number;
  readonly name?: string;
  readonly trace: string[];
}

/** A second is so many ticks: a power of two, so that every time is exact in a double and can be compared for equality. */
export const TICKS_PER_SECOND = 1024;

/** Prints a program with one instruction a line, what is inside another one indented. */
export function print(program: Program): string {
  const phases = program.phases.map(
    (phase, index) =>
      `phase ${index}, ${phase.until === undefined ? "runForever" : `runUntilComplete ${phase.until}`}\n${printBody(phase.setup, "  ")}`,
  );
  const functions = Object.entries(program.functions).map(
    ([label, body]) => `function ${label}\n${printBody(body, "  ")}`,
  );
  return [...phases, ...functions].join("");
}

function printBody(body: readonly Step[], indent: string): string {
  return body.map((op) => printOp(op, indent)).join("");
}

function printOp(op: Step, indent: string): string {
  if (op[0] === "try") {
    const [, body, kind, handler, then, final] = op;
    const clauses = [
      `${indent}try\n${printBody(body, `${indent}  `)}`,
      `${indent}catch ${kind}, then ${then}\n${printBody(handler, `${indent}  `)}`,
      final.length > 0 ? `${indent}finally\n${printBody(final, `${indent}  `)}` : "",
    ];
    return clauses.join("");
  }
  const words = op.filter((part) => !Array.isArray(part)).join(" ");
  const inner = op.find((part): part is Step[] => Array.isArray(part)) ?? [];
  return `${indent}${words}\n${printBody(inner, `${indent}  `)}`;
}
