/**
 * A TLS echo server on node:tls.
 *
 * Owns: the server. Prints its port, then serves until it is killed.
 *
 *   node echo-tls-node.mjs CERTIFICATE_FILE KEY_FILE
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:tls";

const [, , certificateFile, keyFile] = process.argv;
const options = { cert: readFileSync(certificateFile), key: readFileSync(keyFile), noDelay: true };
const server = createServer(options, (socket) => {
  socket.on("data", (data) => socket.write(data));
  socket.on("error", () => socket.destroy());
});

server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => console.log(server.address().port));
