/**
 * The checks of `tap.ts` tell equal from unequal: a helper that always passed would make every test of the core worthless.
 */
import { done, eq, eqArray, isSame, isSameArray } from "./tap";

const two: i32 = 1 + 1;

eq<i32>(two, 2, "equal integers are equal");
eq<f64>(NaN, NaN, "NaN is what was expected when NaN was expected");
eq<bool>(two == 2, true, "equal bools are equal");
eq<string>("rea" + "dy", "ready", "equal strings are equal");
eqArray<i32>([1, two], [1, 2], "lists with equal elements are equal");
eqArray<string>([], [], "empty lists are equal");

eq<bool>(isSame<i32>(two, 3), false, "unequal integers are told apart");
eq<bool>(isSame<f64>(0.1 + 0.2, 0.3), false, "floats that differ in their last bit are told apart");
eq<bool>(isSame<f64>(NaN, 0), false, "NaN is not a number that was expected");
eq<bool>(isSame<f64>(0, NaN), false, "a number is not the NaN that was expected");
eq<bool>(isSame<bool>(two == 2, false), false, "unequal bools are told apart");
eq<bool>(isSame<string>("ready", "Ready"), false, "unequal strings are told apart");
eq<bool>(isSameArray<i32>([1, 2], [1, 3]), false, "lists that differ in an element are told apart");
eq<bool>(isSameArray<i32>([1, 2], [1]), false, "lists of different lengths are told apart");

done();
