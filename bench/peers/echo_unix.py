"""An echo server on a Unix socket on asyncio or uvloop, written as a Protocol.

Owns: the server. Prints the path, then serves until it is killed.

    python3 echo_unix.py asyncio|uvloop PATH
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
    loop.run_until_complete(loop.create_unix_server(Echo, sys.argv[2], backlog=4096))
    print(sys.argv[2], flush=True)
    loop.run_forever()


main()
