"""A TCP echo server on asyncio or uvloop, written as a Protocol.

Owns: the server. Prints its port, then serves until it is killed. With a number it also arms one timer that many
seconds away, for the idle benchmark. With a certificate and its key it speaks TLS.

    python3 echo.py asyncio|uvloop [FAR_TIMER_SECONDS | CERTIFICATE_FILE KEY_FILE]
"""

import asyncio
import ssl
import sys

from loops import new_loop


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


def main():
    loop = new_loop(sys.argv[1])
    context = None
    if len(sys.argv) > 3:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
    elif len(sys.argv) > 2:
        loop.call_later(float(sys.argv[2]), print, "the far timer is due")
    server = loop.run_until_complete(loop.create_server(Echo, "127.0.0.1", 0, backlog=4096, ssl=context))
    print(server.sockets[0].getsockname()[1], flush=True)
    loop.run_forever()


main()
