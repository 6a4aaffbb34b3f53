/** One row for each call that is refused, and the values that most calls refuse. */
import { describe } from "../../../host/errors.js";
import type { Scene } from "./scene.js";

/** A class of errors. */
export type Kind = new (...args: never[]) => Error;
/** What is wrong, the call, and the error with which it is refused. */
export type Row = [what: string, call: (scene: Scene) => unknown, kind: Kind, code: string];

export const noProtocol = (): object => ({});
export const notCallable: unknown[] = [undefined, null, 1, "text", {}, []];
export const notNumbers: unknown[] = [undefined, null, "1", {}, 1n, true];
export const notFds: unknown[] = [
  undefined,
  null,
  -1,
  0.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 32,
  "0",
  {},
  { fileno: 0 },
];
export const notSockets: unknown[] = [undefined, null, 1, "text", {}, { fileno: () => 0 }];
export const notBytes: unknown[] = [undefined, null, 1, "text", {}, [1, 2], new ArrayBuffer(1), new Uint16Array(1)];
export const notAwaitable: unknown[] = [undefined, null, 1, "text", {}, []];

/** A row for each of several bad values. */
export function each(
  what: string,
  values: unknown[],
  call: (scene: Scene, value: never) => unknown,
  kind: Kind,
  code: string,
): Row[] {
  return values.map((value) => [`${what} ${describe(value)}`, (scene) => call(scene, value as never), kind, code]);
}
