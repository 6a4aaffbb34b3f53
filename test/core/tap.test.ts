/** The checks of `tap.ts` tell equal from unequal: a helper that always passed would make every test of the core worthless. */
import { done, eq, eqArray, isSame, isSameArray, test } from "./tap";

const two: i32 = 1 + 1;

test("equal values are equal", () => {
  eq<i32>(two, 2);
  eq<f64>(NaN, NaN);
  eq<bool>(two == 2, true);
  eq<string>("rea" + "dy", "ready");
});

test("lists with equal elements are equal", () => {
  eqArray<i32>([1, two], [1, 2]);
  eqArray<string>([], []);
});

test("unequal values are told apart", () => {
  eq<bool>(isSame<i32>(two, 3), false);
  eq<bool>(isSame<f64>(0.1 + 0.2, 0.3), false);
  eq<bool>(isSame<bool>(two == 2, false), false);
  eq<bool>(isSame<string>("ready", "Ready"), false);
});

test("NaN is told apart from numbers", () => {
  eq<bool>(isSame<f64>(NaN, 0), false);
  eq<bool>(isSame<f64>(0, NaN), false);
});

test("lists that differ in an element or in length are told apart", () => {
  eq<bool>(isSameArray<i32>([1, 2], [1, 3]), false);
  eq<bool>(isSameArray<i32>([1, 2], [1]), false);
});

done();
