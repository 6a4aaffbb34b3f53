/** What the tests of executors send by name: functions that use what is around them in their module. */
const base = 40;

export function addToBase(value: number): number {
  return base + value;
}

export const notAFunction = 1;
