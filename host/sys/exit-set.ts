/**
 * Things that have something to do when the thread ends.
 *
 * Owns: listening to Node's `exit`, for as long as there is anything. It comes when a process or a worker has nothing left to do, when it
 * calls `process.exit()`, and when it throws; not when it is killed or terminated (`thread-end.ts`).
 */
export class ExitSet<T> {
  readonly #members = new Set<T>();
  readonly #leave: (member: T) => void;

  /** @param leave is called for each member at the end */
  constructor(leave: (member: T) => void) {
    this.#leave = leave;
  }

  add(member: T): void {
    if (this.#members.size === 0) process.on("exit", this.#leaveAll);
    this.#members.add(member);
  }

  delete(member: T): void {
    if (this.#members.delete(member) && this.#members.size === 0) process.off("exit", this.#leaveAll);
  }

  readonly #leaveAll = (): void => {
    for (const member of this.#members) this.#leave(member);
  };
}
