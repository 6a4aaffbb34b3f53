"""A TCP echo server on asyncio or uvloop, written as a Protocol.

Owns: the server. Prints its port, then serves until it is killed. With a third argument it also arms one timer that many
seconds away, for the idle benchmark.

    python3 echo.py asyncio|uvloop [FAR_TIMER_SECONDS]
"""

import asyncio
import sys

from loops import new_loop


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


def main():
    loop = new_loop(sys.argv[1])
    if len(sys.argv) > 2:
        loop.call_later(float(sys.argv[2]), print, "the far timer is due")
    server = loop.run_until_complete(loop.create_server(Echo, "127.0.0.1", 0, backlog=4096))
    print(server.sockets[0].getsockname()[1], flush=True)
    loop.run_forever()


main()
