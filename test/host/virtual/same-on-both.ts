/** One scene, on a virtual loop and on a real one: what happens in a virtual network is what happens over sockets. */
import type { Test } from "uvu";
import * as assert from "uvu/assert";
import { type EventLoop, newEventLoop } from "../../../host/index.js";
import { VirtualEventLoop } from "../../../host/testing.js";

/** Something that happens on a loop, and notes what can be seen of it. */
export type PlayedScene = (loop: EventLoop, seen: unknown[]) => Promise<void>;

/** Makes what enters tests of scenes into a suite. Both loops must have seen the same. */
export function sameOnBoth(suite: Test): (name: string, scene: PlayedScene) => void {
  return (name, scene) =>
    suite(name, async () => {
      assert.equal(await play(new VirtualEventLoop(), scene), await play(newEventLoop(), scene));
    });
}

async function play(loop: EventLoop, scene: PlayedScene): Promise<unknown[]> {
  const seen: unknown[] = [];
  loop.setExceptionHandler((_loop, { message }) => seen.push(message));
  await loop.runUntilComplete(loop.createTask(() => scene(loop, seen)));
  loop.close();
  return seen;
}
