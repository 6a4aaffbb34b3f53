/**
 * The door through which other threads call a loop.
 *
 * Owns: what a loop shares: its words, and a channel for each `share`; telling the others when the thread ends with the loop open.
 *
 * Does not own: what goes through a channel (`channel.ts`).
 */
import { isMainThread, MessageChannel, type MessagePort, threadId } from "node:worker_threads";
import { isCoroutineFunction } from "../arguments.js";
import { describe, typeError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { Callback } from "../scheduler/call.js";
import type { Mailbox } from "../scheduler/mailbox.js";
import { ExitSet } from "../sys/exit-set.js";
import { Channel } from "./channel.js";
import type { Hello } from "./messages.js";
import { SharedWords } from "./shared-words.js";

/** Those of this thread that are open: a thread that ends does not close its loops. */
const doors = new ExitSet<ThreadDoor>((door) => door._leave());

export class ThreadDoor implements Mailbox {
  readonly #loop: EventLoop;
  readonly #words = new SharedWords();
  readonly #channels = new Set<Channel>();
  #postsSeen = 0;
  /** Whether more has come than was taken. */
  #isBehind = false;

  constructor(loop: EventLoop) {
    this.#loop = loop;
    // The main thread takes all others with it.
    if (!isMainThread) doors.add(this);
  }

  get isOpen(): boolean {
    return this.#channels.size > 0;
  }

  /** Makes a port through which these callbacks can be called. @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_NOT_CALLABLE` */
  share(callbacks: Readonly<Record<string, Callback>>): MessagePort {
    const named = checkCallbacks(callbacks);
    const { port1: ours, port2: theirs } = new MessageChannel();
    const hello: Hello = {
      wasyncio: "share",
      words: this.#words.buffer,
      wakeFd: this.#loop._scheduler.driver.wakeFd,
      threadId,
      names: new Map([...named].map(([name, callback]) => [name, isCoroutineFunction(callback)])),
    };
    ours.postMessage(hello);
    this.#channels.add(new Channel(this.#loop, ours, this.#words, named, (channel) => this.#channels.delete(channel)));
    return theirs;
  }

  collect(): void {
    const { posted } = this.#words;
    if (posted === this.#postsSeen && !this.#isBehind) return;
    this.#postsSeen = posted;
    this.#isBehind = false;
    for (const channel of this.#channels) if (!channel.collect()) this.#isBehind = true;
  }

  setAsleep(isAsleep: boolean): void {
    this.#words.setAsleep(isAsleep);
  }

  close(): void {
    this._leave();
    for (const channel of this.#channels) channel.close();
    this.#channels.clear();
    doors.delete(this);
  }

  /** @internal Tells those who call, and who wait, that nobody listens any more. */
  _leave(): void {
    this.#words.close();
  }
}

function checkCallbacks(callbacks: Readonly<Record<string, Callback>>): ReadonlyMap<string, Callback> {
  if (typeof callbacks !== "object" || callbacks === null) {
    throw typeError("ERR_INVALID_ARG_TYPE", `share() takes an object of functions by name, not ${describe(callbacks)}`);
  }
  const named = new Map(Object.entries(callbacks));
  for (const [name, callback] of named) {
    if (typeof callback === "function") continue;
    throw typeError("ERR_NOT_CALLABLE", `the callback ${name} must be a function, not ${describe(callback)}`);
  }
  return named;
}
