/**
 * `wasyncio/testing`: loops on which no real time passes.
 */
export { VirtualEventLoop } from "./loop/virtual-event-loop.js";
