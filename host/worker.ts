/**
 * `wasyncio/worker`: calling a loop from another thread.
 */
export { CancelledError, RuntimeError, TimeoutError, ValueError } from "./errors.js";
export { type Transferable, transfer } from "./executors/transfer.js";
export { RemoteFuture } from "./threads/remote-future.js";
export { type Outcome, RemoteLoop, type SharedCallbacks } from "./threads/remote-loop.js";
