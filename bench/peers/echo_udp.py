"""An echo server for datagrams on asyncio or uvloop, written as a DatagramProtocol.

Owns: the server. Prints the port, then serves until it is killed.

    python3 echo_udp.py asyncio|uvloop
"""

import asyncio
import sys

from loops import new_loop


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.transport.sendto(data, addr)


def main():
    loop = new_loop(sys.argv[1])
    transport, _ = loop.run_until_complete(loop.create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0)))
    print(transport.get_extra_info("sockname")[1], flush=True)
    loop.run_forever()


main()
