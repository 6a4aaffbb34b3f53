/** Operations on the network of a virtual loop: how long what is sent is under way, and what becomes of it. */
import fc from "fast-check";
import type { VirtualEventLoop } from "../../host/testing.js";
import { type Kind, kind } from "./operation.js";
import { junk } from "./values.js";
import { Planted, type World } from "./world.js";

const networkOf = ({ loop }: World): VirtualEventLoop["network"] => (loop as VirtualEventLoop).network;

/** Short enough for all to have arrived when a program ends. */
const seconds: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: fc.double({ min: 0, max: 0.0005, noNaN: true }) },
  { weight: 1, arbitrary: junk.filter((value) => typeof value !== "number" || !(value > 0)) },
);

const delays: fc.Arbitrary<readonly unknown[]> = fc.array(seconds, { maxLength: 3 });

/** Copies of what is answered would be answered as well, and doubled each time. */
const BYTES_COPIED_MAX = 1;

export const networkOperations: Record<string, Kind> = {
  "network.latency": kind([seconds], (world, value) => {
    networkOf(world).latency = value as number;
  }),
  "network.datagramDelays": kind(
    [delays, fc.constantFrom("answers", "throws", "answers junk")],
    (world, answer, what) => {
      networkOf(world).datagramDelays = ({ data }) => {
        if (what === "throws") throw new Planted("in the delays");
        if (what === "answers junk") return 1 as never;
        return (data.length > BYTES_COPIED_MAX ? answer.slice(0, 1) : answer) as number[];
      };
    },
  ),
  "network.datagramDelays junk": kind([junk.filter((value) => typeof value !== "function")], (world, value) => {
    networkOf(world).datagramDelays = value as never;
  }),
};
