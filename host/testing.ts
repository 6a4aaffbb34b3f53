/**
 * `wasyncio/testing`: loops on which no real time passes, and the network between what runs on one.
 */
export { VirtualEventLoop } from "./loop/virtual-event-loop.js";
export type { Datagram, DatagramDelays } from "./virtual/datagram-post.js";
export type { VirtualNetwork } from "./virtual/virtual-network.js";
