/** The values that random programs pass: what is asked for, what is just not, and anything at all. */
import fc from "fast-check";

/** Anything but what a call can use. */
export const junk: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(undefined, null, true, 0, -1, 1.5, Number.NaN, "", "text", 1n, Symbol.iterator),
  },
  {
    weight: 1,
    arbitrary: fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withTypedArray: true,
      withObjectString: true,
    }),
  },
);

/** Delays in seconds that make no test wait, and those that are no delays. */
export const delay: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: fc.double({ min: 0, max: 0.0005, noNaN: true }) },
  { weight: 2, arbitrary: fc.constantFrom(0, -0, -1, 1e-9, 3600, 1e9, 1e300) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY) },
  { weight: 1, arbitrary: junk },
);

/** A number that picks one of a pool. */
export const choice: fc.Arbitrary<number> = fc.nat({ max: 11 });
