/**
 * Short children, some at a time, and what is left of them.
 *
 * Owns: running them, every other one with streams and every other one with a protocol; comparing how each ends, and what it says, with
 * what it was told; looking for children that were not reaped.
 *
 * Does not own: descriptors and handles that are left (`support/leaks.ts`).
 */
import { readFileSync } from "node:fs";
import { createSubprocessExec, type EventLoop, newEventLoop, PIPE, SubprocessProtocol } from "../../host/index.js";

/** Every so many children one is ended by a signal. */
const CHILDREN_PER_SIGNAL = 8;
const EXIT_CODES = 256;
/** SIGTERM, SIGKILL and SIGUSR1. */
const SIGNALS = [15, 9, 10] as const;

/** What became of them. */
export interface Children {
  /** A line for each that ended otherwise than it should, or said something else. */
  readonly wrong: string[];
  /** Children that are there when all have ended, each with its state: Z is one that was not reaped. */
  readonly left: string[];
  /** Slots of the core that are taken when all have ended. */
  readonly liveSlots: number;
  readonly seconds: number;
}

/** Runs so many children on a loop of their own, and never more than `atOnce` at the same time. */
export async function runChildren(
  total: number,
  atOnce: number,
  progress: (ended: number) => void = () => {},
): Promise<Children> {
  const loop = newEventLoop();
  const wrong: string[] = [];
  const start = performance.now();
  let next = 0;
  let ended = 0;
  const runThem = async (): Promise<void> => {
    while (next < total) {
      const number = next++;
      const problem = await runChild(loop, number);
      if (problem !== "") wrong.push(problem);
      progress(++ended);
    }
  };
  try {
    const all = Array.from({ length: atOnce }, () => loop.createTask(runThem));
    for (const task of all) await loop.runUntilComplete(task);
    const seconds = (performance.now() - start) / 1000;
    return { wrong, left: childrenLeft(), liveSlots: loop._scheduler.core.liveSlots(), seconds };
  } finally {
    loop.close();
  }
}

/** Runs the child of this number. Answers what is wrong with it, or nothing. */
async function runChild(loop: EventLoop, number: number): Promise<string> {
  const { script, code } = orderOf(number);
  const [ending, said] = await (number % 2 === 0 ? runWithStreams(script) : runWithProtocol(loop, script));
  if (ending === code && said === `${number}\n`) return "";
  return `child ${number} was to end with ${code}: it ended with ${ending} and said ${JSON.stringify(said)}`;
}

function orderOf(number: number): { script: string; code: number } {
  if (number % CHILDREN_PER_SIGNAL >= 2) {
    const code = number % EXIT_CODES;
    return { script: `echo ${number}; exit ${code}`, code };
  }
  const signal = SIGNALS[number % SIGNALS.length] as number;
  return { script: `echo ${number}; kill -${signal} $$`, code: -signal };
}

async function runWithStreams(script: string): Promise<[code: number | null, said: string]> {
  const child = await createSubprocessExec("sh", "-c", script, { stdin: PIPE, stdout: PIPE, stderr: PIPE });
  const [stdout, stderr] = await child.communicate();
  return [child.returncode, `${stdout}${stderr}`];
}

async function runWithProtocol(loop: EventLoop, script: string): Promise<[code: number | null, said: string]> {
  const [transport, listener] = await loop.subprocessExec(() => new Listener(loop), "sh", "-c", script);
  await listener.lost;
  transport.close();
  return [transport.getReturncode(), listener.said];
}

/** What a child says. */
class Listener extends SubprocessProtocol {
  said = "";
  readonly lost;

  constructor(loop: EventLoop) {
    super();
    this.lost = loop.createFuture<void>();
  }

  override pipeDataReceived(_fd: number, data: Buffer): void {
    this.said += data;
  }

  override connectionLost(error: Error | null): void {
    if (error === null) this.lost.setResult(undefined);
    else this.lost.setException(error);
  }
}

/** The children of this process, as `pid state`. */
function childrenLeft(): string[] {
  const pids = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim();
  return pids === "" ? [] : pids.split(" ").map((pid) => `${pid} ${stateOf(pid)}`);
}

function stateOf(pid: string): string {
  return /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "?";
}
