/** Operations: what a random program is made of, as data that can be printed and shrunk, and what each does. */
import fc from "fast-check";
import type { World } from "./world.js";

/** One call with its arguments. */
export interface Operation {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** How to make the arguments of one operation, and what it does with them. */
export interface Kind {
  readonly weight: number;
  readonly args: fc.Arbitrary<readonly unknown[]>;
  perform(world: World, args: readonly never[]): unknown;
}

/** Puts together what an operation takes and does. */
export function kind<A extends unknown[]>(
  args: { [K in keyof A]: fc.Arbitrary<A[K]> },
  perform: (world: World, ...args: A) => unknown,
  weight = 1,
): Kind {
  return {
    weight,
    args: fc.tuple(...(args as fc.Arbitrary<unknown>[])),
    perform: (world, values) => perform(world, ...(values as unknown as A)),
  };
}

/** Makes operations of any of the kinds. */
export function operationOf(kinds: Readonly<Record<string, Kind>>): fc.Arbitrary<Operation> {
  return fc.oneof(
    ...Object.entries(kinds).map(([name, { weight, args }]) => ({
      weight,
      arbitrary: args.map((values): Operation => ({ name, args: values })),
    })),
  );
}

/** Does it; what it throws is judged. */
export function perform(kinds: Readonly<Record<string, Kind>>, world: World, { name, args }: Operation): void {
  world.attempt(name, () => (kinds[name] as Kind).perform(world, args as never[]));
}
