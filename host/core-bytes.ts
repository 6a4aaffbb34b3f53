/**
 * The compiled core.
 *
 * Owns: where it comes from, which is the file beside this one. In the package its bytes are in the code itself.
 */
import { readFileSync } from "node:fs";

/** The bytes of `core.wasm`. */
export function coreBytes(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL("./core.wasm", import.meta.url)));
}
