/**
 * Locks, events, semaphores and queues in a program, on wasyncio.
 *
 * Owns: the meaning of the instructions that are about them. `things.py` is its twin: an instruction that changes here changes there.
 *
 * Does not own: the rest of a program (`interpreter.ts`), or which programs are suitable (`things.py`).
 */
import { BoundedSemaphore, type Coroutine, Event, Lock, Queue, Semaphore } from "../../host/index.js";
import type { ThingOp, ThingStep } from "./program.js";

type Thing = Lock | Event | Semaphore | Queue<number>;

/** What it needs of whoever runs the program. */
export interface Teller {
  event(text: string): void;
  /** Tells what an action comes to, or throws. */
  attempt(label: string, action: () => unknown): void;
}

export class Things {
  readonly #things = new Map<string, Thing>();
  readonly #teller: Teller;

  constructor(teller: Teller) {
    this.#teller = teller;
  }

  do(op: ThingOp): void {
    const label = op[1];
    const { attempt, event } = this.#teller;
    switch (op[0]) {
      case "lock":
        this.#things.set(label, new Lock());
        return;
      case "event":
        this.#things.set(label, new Event());
        return;
      case "semaphore":
        this.#things.set(label, op[3] ? new BoundedSemaphore(op[2]) : new Semaphore(op[2]));
        return;
      case "queue":
        this.#things.set(label, new Queue<number>(op[2]));
        return;
      case "release":
        attempt(`${label}.release()`, () => this.#get<Lock | Semaphore>(label).release());
        return;
      case "setEvent":
        attempt(`${label}.set()`, () => this.#get<Event>(label).set());
        return;
      case "clearEvent":
        attempt(`${label}.clear()`, () => this.#get<Event>(label).clear());
        return;
      case "putNowait":
        attempt(`${label}.putNowait(${op[2]})`, () => this.#get<Queue<number>>(label).putNowait(op[2]));
        return;
      case "getNowait":
        attempt(`${label}.getNowait()`, () => this.#get<Queue<number>>(label).getNowait());
        return;
      case "taskDone":
        attempt(`${label}.taskDone()`, () => this.#get<Queue<number>>(label).taskDone());
        return;
      case "tell":
        event(`${label} is ${told(this.#get(label))}`);
    }
  }

  *step(me: string, step: ThingStep): Coroutine<void> {
    const label = step[1];
    const { event } = this.#teller;
    switch (step[0]) {
      case "acquire":
        event(`${me} acquired ${label} ${yield* this.#get<Lock | Semaphore>(label).acquire()}`);
        return;
      case "waitEvent":
        event(`${me} saw ${label} ${yield* this.#get<Event>(label).wait()}`);
        return;
      case "put":
        yield* this.#get<Queue<number>>(label).put(step[2]);
        event(`${me} put ${step[2]} into ${label}`);
        return;
      case "get":
        event(`${me} got ${yield* this.#get<Queue<number>>(label).get()} from ${label}`);
        return;
      case "join":
        yield* this.#get<Queue<number>>(label).join();
        event(`${me} joined ${label}`);
    }
  }

  recordEnd(): void {
    for (const [label, thing] of this.#things) this.#teller.event(`end ${label} ${told(thing)}`);
  }

  #get<T extends Thing>(label: string): T {
    return this.#things.get(label) as T;
  }
}

function told(thing: Thing): string {
  if (thing instanceof Event) return `set ${thing.isSet()}`;
  if (thing instanceof Queue) return `of ${thing.qsize()}, empty ${thing.empty()}, full ${thing.full()}`;
  return `locked ${thing.locked()}`;
}
