/** Datagrams with socat, CPython's asyncio, node:dgram and a name server at the other end. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { EventLoop } from "../../../host/loop/event-loop.js";
import type { Address, InetAddress } from "../../../host/net/address.js";
import type { DatagramTransport } from "../../../host/net/datagram-transport.js";
import { withFolder } from "../../support/folders.js";
import { leakChecked } from "../../support/leaks.js";
import { Peer, python } from "../../support/peers.js";
import { onLoop } from "./support.js";

const test = leakChecked(suite("peers of datagrams"));

/** An endpoint that sends back what comes. */
async function echo(loop: EventLoop, local: { host: string } | string): Promise<DatagramTransport> {
  let transport: DatagramTransport;
  const protocol = {
    connectionMade: (made: DatagramTransport) => {
      transport = made;
    },
    datagramReceived: (data: Buffer, address: Address | null) => transport.sendto(data, address as Address),
  };
  const [made] = await loop.createDatagramEndpoint(() => protocol, local);
  return made;
}

test(
  "socat gets back what it sends over UDP, four and six",
  onLoop(async ({ loop }) => {
    for (const [host, kind] of [
      ["127.0.0.1", "UDP4"],
      ["::1", "UDP6"],
    ] as const) {
      const transport = await echo(loop, { host });
      const { port } = transport.getExtraInfo("sockname") as InetAddress;
      const peer = new Peer("socat", ["-t1", "-T5", "-", `${kind}:${kind === "UDP6" ? `[${host}]` : host}:${port}`]);
      peer.end(`hello over ${kind}`);
      assert.is((await peer.output).toString(), `hello over ${kind}`);
      transport.close();
    }
  }),
);

test(
  "socat gets back what it sends over a Unix socket",
  onLoop(({ loop }) =>
    withFolder(async (folder) => {
      const transport = await echo(loop, join(folder, "ours"));
      const own = join(folder, "theirs");
      const peer = new Peer("socat", ["-t1", "-T5", "-", `UNIX-SENDTO:${join(folder, "ours")},bind=${own}`]);
      peer.end("hello at a path");
      assert.is((await peer.output).toString(), "hello at a path");
      transport.close();
    }),
  ),
);

const ASYNCIO_CLIENT = `
import asyncio, sys
class Client(asyncio.DatagramProtocol):
    def __init__(self): self.got, self.done = [], asyncio.get_running_loop().create_future()
    def datagram_received(self, data, addr):
        self.got.append(data)
        if len(self.got) == 50: self.done.set_result(None)
async def main():
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(Client, remote_addr=("127.0.0.1", int(sys.argv[1])))
    for n in range(50): transport.sendto(b"datagram %d" % n)
    await protocol.done
    print(protocol.got == [b"datagram %d" % n for n in range(50)])
    transport.close()
asyncio.run(main())
`;

test(
  "an asyncio client gets fifty datagrams back, in order",
  onLoop(async ({ loop }) => {
    const transport = await echo(loop, { host: "127.0.0.1" });
    const { port } = transport.getExtraInfo("sockname") as InetAddress;
    assert.is((await python(ASYNCIO_CLIENT, String(port)).output).toString(), "True\n");
    transport.close();
  }),
);

const ASYNCIO_SERVER = `
import asyncio, sys
class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport): self.transport = transport
    def datagram_received(self, data, addr): self.transport.sendto(data.upper(), addr)
async def main():
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
    print("port %d." % transport.get_extra_info("sockname")[1], file=sys.stderr, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
asyncio.run(main())
`;

test(
  "an asyncio server answers us",
  onLoop(async ({ loop }) => {
    const peer = python(ASYNCIO_SERVER);
    const port = Number((await peer.says(/port (\d+)\./))[1]);
    const answer = loop.createFuture<string>();
    const client = { datagramReceived: (data: Buffer) => answer.setResult(data.toString()) };
    const [transport] = await loop.createDatagramEndpoint(() => client, null, { host: "127.0.0.1", port });
    transport.sendto(Buffer.from("hello"));
    assert.is(await answer, "HELLO");
    transport.close();
    peer.end();
    await peer.output;
  }),
);

test(
  "node:dgram gets back what it sends",
  onLoop(async ({ loop }) => {
    const transport = await echo(loop, { host: "127.0.0.1" });
    const { port } = transport.getExtraInfo("sockname") as InetAddress;
    const socket = createSocket("udp4");
    socket.send("from Node", port, "127.0.0.1");
    const [data] = await once(socket, "message");
    assert.is(String(data), "from Node");
    socket.close();
    await once(socket, "close");
    transport.close();
  }),
);

test.run();
