/**
 * Sockets for tests that want two ends of something.
 *
 * Owns: making them and closing them all again. Does not own: waiting; loopback TCP is ready as soon as the call returns.
 */
import { SO_ERROR, SOL_SOCKET } from "../../host/constants.js";
import { Socket } from "../../host/net/socket.js";

/** Closes everything in order, whatever has been closed already. */
export function closeAll(...things: { close(): void }[]): void {
  for (const thing of things) thing.close();
}

/** A TCP socket that listens on a free port of 127.0.0.1. */
export function listener(backlog = 16): Socket {
  const socket = new Socket();
  socket.bind({ host: "127.0.0.1", port: 0 });
  socket.listen(backlog);
  return socket;
}

/** Two ends of a TCP connection: who connected and who accepted. */
export function tcpPair(): [client: Socket, server: Socket] {
  const listening = listener();
  const client = new Socket();
  client.connectEx(listening.getsockname());
  const [server] = listening.accept();
  if (client.getsockopt(SOL_SOCKET, SO_ERROR) !== 0) throw new Error("loopback TCP does not connect");
  listening.close();
  return [client, server];
}

/** What `action` throws. Fails if it throws nothing. */
export function thrownBy(action: () => unknown): Error & { code?: string; errno?: number; syscall?: string } {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}
