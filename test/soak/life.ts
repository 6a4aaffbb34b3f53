/** What a life is, and what lives have in common. */
import type { EventLoop } from "../../host/index.js";

/** Makes one thing and sees to its end, if it has one. What it leaves to the loop is over a few milliseconds later. */
export type Life = (loop: EventLoop) => void;

export type Lives = Readonly<Record<string, Life>>;

export function ignore(): void {}

/** An error as a program would make it, stack and all. */
export function failure(): Error {
  return new Error("meant to happen");
}
