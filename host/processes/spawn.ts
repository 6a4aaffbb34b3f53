/**
 * Spawning children.
 *
 * Owns: the order in which pipes, child and protocol come to be; that nothing is left of it when one of them fails or the call is
 * cancelled.
 *
 * Does not own: what the arguments may be (`spawn-arguments.ts`), the child afterwards (`subprocess-transport.ts`), its pipes (`stdio.ts`), fork and exec, which are Node's.
 *
 * From: CPython 3.13 base_events `subprocess_exec`.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { checkOptions } from "../arguments.js";
import { typeError } from "../errors.js";
import type { Future } from "../futures/future.js";
import { Operation, type Work } from "../futures/operation.js";
import type { EventLoop } from "../loop/event-loop.js";
import { connectReadPipe, connectWritePipe } from "../net/connect-pipe.js";
import { checkProtocol, checkProtocolFactory } from "../net/options.js";
import { keepFromBlocking } from "../net/pipe-end.js";
import type { SubprocessProtocol } from "../protocols.js";
import { checkProgram, checkSubprocess, checkText } from "./spawn-arguments.js";
import { ChildStdio, NAMES, PIPE, type StdioOptions } from "./stdio.js";
import { pipeProtocol, SubprocessTransport } from "./subprocess-transport.js";

/** Options of a child. */
export interface SubprocessOptions extends StdioOptions {
  /** What is run in place of the program, which is its name all the same; or in place of /bin/sh. */
  executable?: string;
  /** Where it runs: a path or a URL of a folder; our own directory by default. */
  cwd?: string | URL;
  /** Its environment, strings by name; our own by default. Those that are undefined are left out. */
  env?: NodeJS.ProcessEnv;
  /** Descriptors of ours that it has under the same numbers. */
  passFds?: readonly number[];
  /** Whether it is made the leader of a session of its own. */
  startNewSession?: boolean;
  /** As whom it runs; Node takes numbers up to 2147483647. */
  uid?: number;
  gid?: number;
}

/** The names of SubprocessOptions. */
export const SUBPROCESS_OPTIONS = [
  "stdin",
  "stdout",
  "stderr",
  "executable",
  "cwd",
  "env",
  "passFds",
  "startNewSession",
  "uid",
  "gid",
];

/**
 * Tells a program's arguments from the options that may stand behind them.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE` for arguments in an array
 */
export function splitOptions<O extends object>(
  rest: readonly string[] | [...args: string[], options: O],
): [args: readonly string[], options: O | undefined] {
  const last = rest.at(-1);
  if (Array.isArray(last)) {
    throw typeError(
      "ERR_INVALID_ARG_TYPE",
      "The arguments of a program are passed one by one: spread the array, as in ...args",
    );
  }
  return typeof last === "object" ? [rest.slice(0, -1) as string[], last] : [rest as readonly string[], undefined];
}

/** Runs a program; see `EventLoop.subprocessExec`. */
export function subprocessExec<P extends SubprocessProtocol>(
  loop: EventLoop,
  protocolFactory: () => P,
  program: string,
  args: readonly string[],
  options: SubprocessOptions,
): Future<[transport: SubprocessTransport, protocol: P]> {
  loop._scheduler.checkOpen();
  loop._scheduler.driver.checkOutside("child processes");
  loop._scheduler.checkNodeGoesOn("children start and end");
  checkProtocolFactory(protocolFactory);
  checkOptions("subprocessExec", options, SUBPROCESS_OPTIONS);
  checkSubprocess(options);
  checkProgram(program, args);
  const { stdin = PIPE, stdout = PIPE, stderr = PIPE } = options;
  return new Operation(
    loop,
    launch(loop, protocolFactory, program, args, { ...options, stdin, stdout, stderr }),
    ([transport]) => transport.close(),
  );
}

/** Runs a command of the shell; see `EventLoop.subprocessShell`. */
export function subprocessShell<P extends SubprocessProtocol>(
  loop: EventLoop,
  protocolFactory: () => P,
  command: string,
  options: SubprocessOptions,
): Future<[transport: SubprocessTransport, protocol: P]> {
  checkText("The command", command);
  return subprocessExec(loop, protocolFactory, options?.executable ?? "/bin/sh", ["-c", command], options);
}

function* launch<P extends SubprocessProtocol>(
  loop: EventLoop,
  protocolFactory: () => P,
  program: string,
  args: readonly string[],
  options: SubprocessOptions,
): Work<[transport: SubprocessTransport, protocol: P]> {
  const protocol = checkProtocol(protocolFactory());
  const pipes = new ChildStdio(options);
  let child: ChildProcess | null = null;
  let transport: SubprocessTransport | null = null;
  try {
    child = start(program, args, options, pipes);
    yield* spawned(loop, child);
    const made = new SubprocessTransport(loop, child, protocol);
    transport = made;
    yield* connectPipes(loop, made, pipes);
    made._begin();
    // After connectionMade, which was scheduled just before.
    yield;
    return [made, protocol];
  } catch (error) {
    pipes.closeOurs();
    if (transport !== null) transport.close();
    else child?.kill("SIGKILL");
    throw error;
  }
}

/** Starts it, and closes the child's ends whether or not that works. */
function start(program: string, args: readonly string[], options: SubprocessOptions, pipes: ChildStdio): ChildProcess {
  const { executable, cwd, env, startNewSession, uid, gid, passFds = [] } = options;
  const { stdio } = pipes;
  for (const fd of passFds) {
    // Of stdin, stdout and stderr the options of these names decide.
    if (fd < NAMES.length) continue;
    while (stdio.length <= fd) stdio.push("ignore");
    stdio[fd] = fd;
  }
  const given = Object.entries({ cwd, env, uid, gid, detached: startNewSession, argv0: program }).filter(
    ([, value]) => value !== undefined,
  );
  const isShared = pipes.sharesNonblocking();
  try {
    const child = spawn(executable ?? program, [...args], { stdio, ...Object.fromEntries(given) });
    // Node has the child's stdin, stdout and stderr block, and with them whoever has the same open file.
    if (isShared) keepFromBlocking();
    // A loop that runs keeps the process alive, and one that does not leaves its children behind, as asyncio does.
    child.unref();
    return child;
  } finally {
    pipes.closeTheirs();
  }
}

/** Waits until it runs, or it is known why it does not. */
function* spawned(loop: EventLoop, child: ChildProcess): Work<void> {
  const done = loop.createFuture<void>();
  child.once("spawn", () => {
    if (!done.done() && !loop.isClosed()) done.setResult(undefined);
  });
  child.on("error", (error: NodeJS.ErrnoException) => {
    if (!done.done() && !loop.isClosed()) done.setException(error);
  });
  yield* done;
}

function* connectPipes(loop: EventLoop, transport: SubprocessTransport, pipes: ChildStdio): Work<void> {
  for (const [fd, end] of [...pipes.ours]) {
    const factory = (): object => pipeProtocol(() => transport, fd);
    const connecting = fd === 0 ? connectWritePipe(loop, factory, end) : connectReadPipe(loop, factory, end);
    pipes.ours.delete(fd);
    const [pipe] = yield* connecting;
    transport._addPipe(fd, pipe);
  }
}
