/** An executor that is no pool: it calls functions here, when it is told to. */
import type { Executor, Submission } from "../../../host/index.js";

export class EchoExecutor implements Executor {
  readonly shutdowns: unknown[] = [];
  readonly cancelled: string[] = [];
  readonly #pending: (() => void)[] = [];

  submit(func: unknown, ...args: unknown[]): Submission<never> {
    const promise = new Promise((resolve, reject) => {
      this.#pending.push(() => {
        try {
          resolve((func as (...given: unknown[]) => unknown)(...args));
        } catch (error) {
          reject(error);
        }
      });
    });
    return Object.assign(promise, { cancel: () => this.cancelled.push(String(args[0])) > 0 }) as never;
  }

  shutdown(options?: unknown): void | Promise<void> {
    this.shutdowns.push(options);
  }

  work(): void {
    for (const call of this.#pending.splice(0)) call();
  }
}
