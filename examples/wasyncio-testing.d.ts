/**
 * What `import "wasyncio/testing"` means to tsc in this folder; see wasyncio.d.ts.
 */
export * from "../host/testing.js";
