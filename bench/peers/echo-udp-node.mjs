/**
 * An echo server for datagrams on node:dgram.
 *
 * Owns: the server. Prints the port, then serves until it is killed.
 */
import { createSocket } from "node:dgram";

const socket = createSocket("udp4");
socket.on("message", (message, { port, address }) => socket.send(message, port, address));
socket.bind(0, "127.0.0.1", () => console.log(socket.address().port));
