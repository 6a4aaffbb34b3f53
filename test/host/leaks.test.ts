import { Server } from "node:net";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { pipe } from "../../host/net/pipe.js";
import { closeListeners } from "../../host/sys/fd.js";
import { checkNoLeaks, countProbe } from "../support/leaks.js";
import { closeAll } from "../support/sockets.js";

const test = suite("the leak check");

async function messageOf(body: () => unknown, probes = [] as Parameters<typeof checkNoLeaks>[1]): Promise<string> {
  return checkNoLeaks(body, probes, 20).then(
    () => "",
    (error: Error) => error.message,
  );
}

test("passes what leaves nothing behind, and its answer", async () => {
  const body = (): number => {
    closeAll(...pipe());
    return 5;
  };
  assert.is(await checkNoLeaks(body), 5);
});

test("names a descriptor that was left open", async () => {
  const left = pipe();
  assert.is(await messageOf(() => {}), "");
  left[0].close();
  const opened: { close(): void }[] = [];
  const message = await messageOf(() => opened.push(...pipe()));
  assert.match(message, /^Left behind: open descriptors: \d+ -> pipe:\[\d+\], \d+ -> pipe:\[\d+\]$/);
  closeAll(...opened, left[1]);
});

test("names a timer, a server and a close listener that were left", async () => {
  let timer: NodeJS.Timeout | undefined;
  assert.match(
    await messageOf(() => {
      timer = setTimeout(() => {}, 1e6);
    }),
    "resources of Node's loop: Timeout",
  );
  clearTimeout(timer);
  const listener = (): void => {};
  assert.match(await messageOf(() => closeListeners.add(listener)), "listeners to closes");
  closeListeners.delete(listener);
});

test("waits for what is being closed", async () => {
  const server = new Server();
  await checkNoLeaks(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    server.close();
  });
});

test("asks the probes that it is given", async () => {
  let alive = 3;
  const probe = countProbe("handles", () => alive);
  assert.is(await messageOf(() => {}, [probe]), "");
  const message = await messageOf(() => {
    alive += 2;
  }, [probe]);
  assert.match(message, "handles: handles, handles");
});

test("throws what the test throws, and not what it left", async () => {
  assert.is(
    await messageOf(() => {
      throw new Error("the test failed");
    }),
    "the test failed",
  );
});

test.run();
