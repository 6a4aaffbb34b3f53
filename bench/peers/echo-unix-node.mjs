/**
 * An echo server on a Unix socket on node:net.
 *
 * Owns: the server. Prints the path, then serves until it is killed.
 *
 *   node echo-unix-node.mjs PATH
 */
import { rmSync } from "node:fs";
import { createServer } from "node:net";

const [path] = process.argv.slice(2);
// What the process before has left there, as other loops do by themselves.
rmSync(path, { force: true });
const server = createServer((socket) => {
  socket.on("data", (data) => socket.write(data));
  socket.on("error", () => socket.destroy());
});
server.listen({ path, backlog: 4096 }, () => console.log(path));
