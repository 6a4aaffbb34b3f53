/** What rows of bad input are tried on: a loop of their own, and everything that may be misused. */
import { openSync } from "node:fs";
import {
  AF_INET,
  type EventLoop,
  type Future,
  newEventLoop,
  SOCK_DGRAM,
  Socket,
  socketpair,
  type Transport,
} from "../../../host/index.js";
import { close } from "../../../host/sys/fd.js";
import { VirtualEventLoop } from "../../../host/testing.js";
import { checkNoLeaks } from "../../support/leaks.js";
import { closeAll } from "../../support/sockets.js";
import { runOnce } from "../loop/both-loops.js";

/** What a row may use. */
export interface Scene {
  readonly loop: EventLoop;
  /** A connected socket that nobody else uses. */
  readonly sock: Socket;
  /** One that a transport owns. */
  readonly owned: Socket;
  readonly transport: Transport;
  readonly closed: Socket;
  /** The number of no descriptor. */
  readonly closedFd: number;
  readonly datagram: Socket;
  readonly regularFile: number;
  readonly foreign: EventLoop;
  readonly foreignFuture: Future;
}

/** Calls `body` with everything that rows use, and fails if a descriptor or anything else is left afterwards. */
export async function onScene(body: (scene: Scene) => Promise<void>): Promise<void> {
  await checkNoLeaks(async () => {
    const loop = newEventLoop();
    const foreign = new VirtualEventLoop();
    const [sock, peer] = socketpair();
    const [owned, ownedPeer] = socketpair();
    const [closed, closedPeer] = socketpair();
    const datagram = new Socket(AF_INET, SOCK_DGRAM);
    closeAll(closed, closedPeer);
    const regularFile = openSync("/proc/self/status", "r");
    const [transport] = await loop.runUntilComplete(loop.createConnection(() => ({}), null, null, { sock: owned }));
    await runOnce(loop);
    await runOnce(loop);
    const foreignFuture = foreign.createFuture();
    try {
      await body({
        loop,
        sock,
        owned,
        transport,
        closed,
        closedFd: 5000,
        datagram,
        regularFile,
        foreign,
        foreignFuture,
      });
    } finally {
      if (loop.isClosed()) owned.close();
      else {
        transport.abort();
        for (let iteration = 0; iteration < 3; iteration++) await runOnce(loop);
      }
      loop.close();
      foreign.close();
      close(regularFile);
      closeAll(sock, peer, ownedPeer, datagram);
    }
  });
}

/** Calls `body` outside of the loop's callbacks while the loop runs. */
export async function whileRunning(loop: EventLoop, body: () => Promise<unknown>): Promise<unknown> {
  const running = loop.runForever();
  try {
    return await body();
  } finally {
    loop.stop();
    await running;
  }
}
