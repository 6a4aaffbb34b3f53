/** What a closed loop refuses. */
import { RuntimeError } from "../../../host/index.js";
import { noProtocol, type Row } from "./rows.js";
import type { Scene } from "./scene.js";

const closedLoopCalls: Record<string, (scene: Scene) => unknown> = {
  callSoon: ({ loop }) => loop.callSoon(() => {}),
  callSoonThreadsafe: ({ loop }) => loop.callSoonThreadsafe(() => {}),
  callLater: ({ loop }) => loop.callLater(0, () => {}),
  callAt: ({ loop }) => loop.callAt(0, () => {}),
  createTask: ({ loop }) => loop.createTask(async () => {}),
  runForever: ({ loop }) => loop.runForever(),
  runUntilComplete: ({ loop }) => loop.runUntilComplete(Promise.resolve()),
  addReader: ({ loop, sock }) => loop.addReader(sock, () => {}),
  addWriter: ({ loop, sock }) => loop.addWriter(sock, () => {}),
  addDoneCallback: ({ loop }) => loop.createFuture().addDoneCallback(() => {}),
  sockRecv: ({ loop, sock }) => loop.sockRecv(sock, 1),
  sockSendall: ({ loop, sock }) => loop.sockSendall(sock, Buffer.alloc(1 << 22)),
  sockSendfile: ({ loop, sock }) => loop.sockSendfile(sock, 0),
  sockAccept: ({ loop, sock }) => loop.sockAccept(sock),
  sockConnect: ({ loop, datagram }) => loop.sockConnect(datagram, { host: "127.0.0.1", port: 1 }),
  createConnection: ({ loop, sock }) => loop.createConnection(noProtocol, null, null, { sock }),
  createDatagramEndpoint: ({ loop }) => loop.createDatagramEndpoint(noProtocol, { host: "127.0.0.1" }),
  sockRecvInto: ({ loop, sock }) => loop.sockRecvInto(sock, Buffer.alloc(1)),
  sockRecvfrom: ({ loop, datagram }) => loop.sockRecvfrom(datagram, 1),
  sockRecvfromInto: ({ loop, datagram }) => loop.sockRecvfromInto(datagram, Buffer.alloc(1)),
  sockSendto: ({ loop, datagram }) => loop.sockSendto(datagram, Buffer.alloc(1), { host: "127.0.0.1", port: 1 }),
  createServer: ({ loop }) => loop.createServer(noProtocol, "127.0.0.1", 0),
};

export const onClosedLoop: Row[] = Object.entries(closedLoopCalls).map(
  ([what, call]): Row => [
    what,
    (scene) => {
      scene.loop.close();
      return call(scene);
    },
    RuntimeError,
    "ERR_LOOP_CLOSED",
  ],
);
