/** CPython as a server over TLS, for one client. */
import type { Certificate } from "./certificates.js";
import { type Peer, python } from "./peers.js";

/** The client's socket is `sock`; `begin` begins with TLS. */
const SERVER = `
import socket, ssl, sys
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(sys.argv[1], sys.argv[2])
listening = socket.create_server(("127.0.0.1", 0))
print("port %d." % listening.getsockname()[1], file=sys.stderr, flush=True)
sock = listening.accept()[0]
listening.close()
def begin():
    return context.wrap_socket(sock, server_side=True)
`;

/** Runs `program` with a socket that a client has connected to. */
export async function tlsServer(certificate: Certificate, program: string): Promise<[peer: Peer, port: number]> {
  const peer = python(SERVER + program, certificate.certFile, certificate.keyFile);
  return [peer, Number((await peer.says(/port (\d+)\./))[1])];
}
