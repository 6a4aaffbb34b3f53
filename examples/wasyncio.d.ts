/**
 * What `import "wasyncio"` means to tsc in this folder: the sources of the host, so that a fresh clone compiles before there is a dist/.
 * At run time the same import finds dist/, as it does for users.
 */
export * from "../host/index.js";
