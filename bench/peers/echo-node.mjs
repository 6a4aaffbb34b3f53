/**
 * A TCP echo server on node:net.
 *
 * Owns: the server. Prints its port, then serves until it is killed. With an argument it also arms one timer that many
 * seconds away, for the idle benchmark.
 *
 *   node echo-node.mjs [FAR_TIMER_SECONDS]
 */
import { createServer } from "node:net";

const server = createServer({ noDelay: true }, (socket) => {
  socket.on("data", (data) => socket.write(data));
  socket.on("error", () => socket.destroy());
});

if (process.argv[2] !== undefined) {
  setTimeout(() => console.log("the far timer is due"), Number(process.argv[2]) * 1000);
}
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => console.log(server.address().port));
