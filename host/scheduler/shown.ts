/**
 * Values as texts, for what is said of handles and futures.
 *
 * Owns: that this never fails, whatever a value does when it is asked. It is done where nothing may be thrown, such as inside the core.
 */
import { type InspectOptions, inspect } from "node:util";
import { describe } from "../errors.js";

/** As `inspect`; of what cannot be inspected the class, as `<an instance of Row>`. */
export function shown(value: unknown, options?: InspectOptions): string {
  try {
    return inspect(value, options);
  } catch {
    return `<${described(value)}>`;
  }
}

function described(value: unknown): string {
  try {
    return describe(value);
  } catch {
    return "an object";
  }
}
