/**
 * What a hostile host knows of the core for certain, however it lies: who is alive, and what may still happen to whom.
 *
 * Owns: the checks. An id is handed out only while its slot is free. What has run, ended, or was cancelled does not run. A timer is not
 * early by the latest time that was told. A done callback comes after its future's end. No more cancellations are thrown than were asked for.
 *
 * Does not own: what the host does (`hostile-host.ts`), and in which order things run (`test/core/model.ts`).
 */
import { INDEX_MASK } from "../../../assembly/abi.js";

export type Kind = "call" | "timer" | "watch" | "arrival" | "future" | "callback" | "task";

/** Something that the core has an id for. */
export class Entry {
  alive = true;
  /** Of a timer. */
  when = Number.NEGATIVE_INFINITY;
  /** Of a done callback. */
  future: Entry | null = null;
  repeats = false;

  constructor(
    readonly kind: Kind,
    readonly id: number,
  ) {}
}

export class Census {
  /** The first thing that was wrong. */
  failure = "";
  /** The latest time that the core was told. */
  latest = Number.NEGATIVE_INFINITY;
  cancellations = 0;
  /** What was alive last at each slot. */
  readonly #slots = new Map<number, Entry>();

  /** Enters what an export has answered. Statuses are none of its business. */
  enter(kind: Kind, id: number): Entry | null {
    if (id <= 0) return null;
    const index = id & INDEX_MASK;
    const { kind: owner = "nobody" } = this.#slots.get(index) ?? {};
    this.demand(
      index > 0 && owner === "nobody",
      `the slot of the new ${kind} ${id} belongs to nobody, but to a ${owner}`,
    );
    const entry = new Entry(kind, id);
    this.#slots.set(index, entry);
    return entry;
  }

  /** The living entry of an id. */
  find(id: number): Entry | null {
    const entry = this.#slots.get(id & INDEX_MASK);
    return entry?.id === id ? entry : null;
  }

  living(): Entry[] {
    return [...this.#slots.values()];
  }

  end(entry: Entry | null): void {
    if (entry === null || !entry.alive) return;
    entry.alive = false;
    this.#slots.delete(entry.id & INDEX_MASK);
  }

  endAll(): void {
    for (const entry of this.living()) this.end(entry);
  }

  /** The core runs a callback. */
  runs(id: number, resolution: number): void {
    const entry = this.find(id);
    this.demand(entry !== null && entry.kind !== "future" && entry.kind !== "task", `the callback ${id} may run`);
    if (entry === null) return;
    if (entry.kind === "timer") this.demand(entry.when <= this.latest + resolution, `the timer ${id} is due`);
    if (entry.future !== null) this.demand(!entry.future.alive, `the future of the done callback ${id} has ended`);
    if (entry.kind !== "watch" && !entry.repeats) this.end(entry);
  }

  /** The core steps a task, or tells of its end. */
  task(id: number, what: string): Entry | null {
    const entry = this.find(id);
    this.demand(entry?.kind === "task", `the task ${id} ${what}`);
    return entry;
  }

  /** A cancellation is thrown, or taken to be thrown. */
  throws(): void {
    this.cancellations--;
    this.demand(this.cancellations >= 0, "no more cancellations are thrown than were asked for");
  }

  demand(holds: boolean, what: string): void {
    if (!holds && this.failure === "") this.failure = `not so: ${what}`;
  }
}
