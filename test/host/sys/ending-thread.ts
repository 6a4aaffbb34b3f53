/** What `thread-end.test.ts` runs in a worker: a loop with a server, connections and a pipe, and then the end of the thread. */
import { parentPort, workerData } from "node:worker_threads";
import { newEventLoop, pipe, Socket, socketpair } from "../../../host/index.js";

const loop = newEventLoop();
// Closed and opened again: what is closed at the end is the descriptor that is open then.
for (let round = 0; round < 10; round++) for (const socket of socketpair()) socket.close();
loop.createTask(async () => {
  const server = await loop.createServer(() => ({}), "127.0.0.1", 0);
  const { port } = server.sockets?.[0]?.getsockname() ?? { port: 0 };
  for (let index = 0; index < 3; index++) await loop.createConnection(() => ({}), "127.0.0.1", port);
  pipe();
  const left = new Socket();
  parentPort?.postMessage({ port, left: left.detach() });
  switch (workerData) {
    case "process.exit":
      return void setTimeout(() => process.exit(), 5);
    case "throw":
      return void setTimeout(() => {
        throw new Error("mine");
      }, 5);
    case "end":
      return loop.stop();
    default:
  }
});
await loop.runForever();
