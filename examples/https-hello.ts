/**
 * HTTPS hello: the web server of `http-hello.ts` over TLS. Without arguments for them the files are `cert.pem` and `key.pem`.
 *
 *   openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
 *     -out cert.pem -keyout key.pem
 *   node out/examples/https-hello.js [CERTIFICATE_FILE KEY_FILE [PORT]]
 *
 * Then: curl --cacert cert.pem https://localhost:8443/. It ends on SIGINT and on SIGTERM.
 */
import { readFileSync } from "node:fs";
import { newEventLoop, SSLContext } from "wasyncio";
import { HttpProtocol } from "./http-hello/http-protocol.js";

const [, , certificateFile = "cert.pem", keyFile = "key.pem", port = "8443"] = process.argv;
const ssl = new SSLContext({ cert: readFileSync(certificateFile), key: readFileSync(keyFile) });

const loop = newEventLoop();
const hello = { status: 200, body: "Hello, world!\n" };
const makeProtocol = () => new HttpProtocol(loop, () => hello);
const server = await loop.runUntilComplete(loop.createServer(makeProtocol, "127.0.0.1", Number(port), { ssl }));
const address = server.sockets?.[0].getsockname();
console.log(`Listening on https://localhost:${address?.port}/`);

process.once("SIGINT", () => loop.stop());
process.once("SIGTERM", () => loop.stop());
await loop.runForever();

server.close();
server.abortClients();
await loop.runUntilComplete(server.waitClosed());
loop.close();
console.log("Stopped");
