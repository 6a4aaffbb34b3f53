/**
 * `wasyncio/core`: the compiled core, for those who put it into a host of their own.
 */
export * as abi from "../assembly/abi.js";
export { type CoreExports, type CoreImports, instantiate } from "./core.js";
export { coreBytes } from "./core-bytes.js";
