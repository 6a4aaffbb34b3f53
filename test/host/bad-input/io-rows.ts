/** Bad input to whatever has to do with descriptors: watching, socket calls, connections, servers, transports. */
import { RuntimeError, UnsupportedError, ValueError } from "../../../host/index.js";
import { each, noProtocol, notBytes, notCallable, notFds, notSockets, type Row } from "./rows.js";
import type { Scene } from "./scene.js";

export const ioCalls: Record<string, Row[]> = {
  ...Object.fromEntries(
    (["addReader", "addWriter"] as const).map((method): [string, Row[]] => [
      method,
      [
        ...each("fd", notFds, ({ loop }, value) => loop[method](value, () => {}), ValueError, "ERR_INVALID_FILE"),
        ...each(
          "callback",
          notCallable,
          ({ loop, sock }, value) => loop[method](sock, value),
          TypeError,
          "ERR_NOT_CALLABLE",
        ),
        ["closed socket", ({ loop, closed }) => loop[method](closed, () => {}), ValueError, "ERR_INVALID_FILE"],
        ["closed fd", ({ loop, closedFd }) => loop[method](closedFd, () => {}), Error, "EBADF"],
        ["regular file", ({ loop, regularFile }) => loop[method](regularFile, () => {}), Error, "EPERM"],
        ["fd of a transport", ({ loop, owned }) => loop[method](owned, () => {}), RuntimeError, "ERR_FD_IN_USE"],
        [
          "on a virtual loop",
          ({ foreign, sock }) => foreign[method](sock, () => {}),
          UnsupportedError,
          "ERR_NO_DESCRIPTORS",
        ],
      ],
    ]),
  ),
  ...Object.fromEntries(
    (["removeReader", "removeWriter"] as const).map((method): [string, Row[]] => [
      method,
      [
        ...each("fd", notFds, ({ loop }, value) => loop[method](value), ValueError, "ERR_INVALID_FILE"),
        ["fd of a transport", ({ loop, owned }) => loop[method](owned), RuntimeError, "ERR_FD_IN_USE"],
      ],
    ]),
  ),
  createDatagramEndpoint: [
    ...each(
      "factory",
      notCallable,
      ({ loop }, value) => loop.createDatagramEndpoint(value, { host: "127.0.0.1" }),
      TypeError,
      "ERR_NOT_CALLABLE",
    ),
    ...(["localAddr", "remoteAddr"] as const).flatMap((name) =>
      each(
        name,
        [1, true, () => {}],
        ({ loop }, value) =>
          loop.createDatagramEndpoint(
            noProtocol,
            name === "localAddr" ? value : null,
            name === "remoteAddr" ? value : null,
          ),
        TypeError,
        "ERR_INVALID_ADDRESS",
      ),
    ),
    ...each(
      "sock",
      notSockets.filter((value) => value !== null && value !== undefined),
      ({ loop }, sock) => loop.createDatagramEndpoint(noProtocol, null, null, { sock }),
      TypeError,
      "ERR_NOT_A_SOCKET",
    ),
    [
      "a stream socket",
      ({ loop, sock }) => loop.createDatagramEndpoint(noProtocol, null, null, { sock }),
      ValueError,
      "ERR_SOCKET_KIND",
    ],
    ["nothing at all", ({ loop }) => loop.createDatagramEndpoint(noProtocol), ValueError, "ERR_NO_ADDRESS"],
    ...each(
      "an address as Node's dgram or Python has it,",
      [{ address: "127.0.0.1", port: 0 }, { hostname: "127.0.0.1", port: 0 }, ["127.0.0.1", 0]],
      ({ loop }, address) => loop.createDatagramEndpoint(noProtocol, address),
      TypeError,
      "ERR_INVALID_ADDRESS",
    ),
    [
      "an option that nobody knows",
      ({ loop }) => loop.createDatagramEndpoint(noProtocol, { host: "127.0.0.1" }, null, { ssl: true } as never),
      TypeError,
      "ERR_UNKNOWN_OPTION",
    ],
    [
      "a path and another family",
      ({ loop }) => loop.createDatagramEndpoint(noProtocol, "path", null, { family: 2 }),
      ValueError,
      "ERR_INVALID_ADDRESS",
    ],
    ...each(
      "allowBroadcast",
      [1, "yes", null],
      ({ loop }, value) =>
        loop.createDatagramEndpoint(noProtocol, { host: "127.0.0.1" }, null, { allowBroadcast: value }),
      TypeError,
      "ERR_INVALID_ARG_TYPE",
    ),
  ],
  "sockRecv, sockSendall, sockConnect and sockAccept": [
    ...(
      [
        ["sockRecv", ({ loop }: Scene, sock: never) => loop.sockRecv(sock, 1)],
        ["sockSendall", ({ loop }: Scene, sock: never) => loop.sockSendall(sock, Buffer.from("x"))],
        ["sockConnect", ({ loop }: Scene, sock: never) => loop.sockConnect(sock, { host: "127.0.0.1", port: 1 })],
        ["sockAccept", ({ loop }: Scene, sock: never) => loop.sockAccept(sock)],
        ["sockRecvInto", ({ loop }: Scene, sock: never) => loop.sockRecvInto(sock, Buffer.alloc(1))],
        ["sockRecvfrom", ({ loop }: Scene, sock: never) => loop.sockRecvfrom(sock, 1)],
        ["sockRecvfromInto", ({ loop }: Scene, sock: never) => loop.sockRecvfromInto(sock, Buffer.alloc(1))],
        [
          "sockSendto",
          ({ loop }: Scene, sock: never) => loop.sockSendto(sock, Buffer.from("x"), { host: "127.0.0.1", port: 1 }),
        ],
      ] as [string, (scene: Scene, sock: unknown) => unknown][]
    ).flatMap(([method, call]): Row[] => [
      ...each(`${method} of`, notSockets, call, TypeError, "ERR_NOT_A_SOCKET"),
      [`${method} of a closed socket`, (scene) => call(scene, scene.closed), RuntimeError, "ERR_SOCKET_CLOSED"],
      [`${method} of a transport's socket`, (scene) => call(scene, scene.owned), RuntimeError, "ERR_FD_IN_USE"],
    ]),
    ...each(
      "size",
      [-1, 0.5, Number.NaN, 2 ** 40],
      ({ loop, sock }, value) => loop.sockRecv(sock, value),
      ValueError,
      "ERR_OUT_OF_RANGE",
    ),
    ...each(
      "size",
      ["1", null, undefined],
      ({ loop, sock }, value) => loop.sockRecv(sock, value),
      TypeError,
      "ERR_INVALID_ARG_TYPE",
    ),
    ...each(
      "data",
      notBytes,
      ({ loop, sock }, value) => loop.sockSendall(sock, value),
      TypeError,
      "ERR_INVALID_ARG_TYPE",
    ),
    ...each(
      "address",
      [undefined, null, 1, "x", {}, { host: 1, port: 1 }],
      ({ loop, datagram }, value) => loop.sockConnect(datagram, value),
      TypeError,
      "ERR_INVALID_ADDRESS",
    ),
    [
      "port",
      ({ loop, datagram }) => loop.sockConnect(datagram, { host: "127.0.0.1", port: 65536 }),
      ValueError,
      "ERR_OUT_OF_RANGE",
    ],
  ],
  createConnection: [
    ...each(
      "factory",
      notCallable,
      ({ loop }, value) => loop.createConnection(value, "127.0.0.1", 1),
      TypeError,
      "ERR_NOT_CALLABLE",
    ),
    ["neither host nor port nor sock", ({ loop }) => loop.createConnection(noProtocol), ValueError, "ERR_NO_ADDRESS"],
    [
      "sock beside a host",
      ({ loop, sock }) => loop.createConnection(noProtocol, "127.0.0.1", 1, { sock }),
      ValueError,
      "ERR_CONFLICTING_OPTIONS",
    ],
    ...each(
      "sock",
      [1, "x", {}],
      ({ loop }, sock) => loop.createConnection(noProtocol, null, null, { sock }),
      TypeError,
      "ERR_NOT_A_SOCKET",
    ),
    [
      "datagram socket",
      ({ loop, datagram }) => loop.createConnection(noProtocol, null, null, { sock: datagram }),
      ValueError,
      "ERR_SOCKET_KIND",
    ],
    [
      "closed socket",
      ({ loop, closed }) => loop.createConnection(noProtocol, null, null, { sock: closed }),
      RuntimeError,
      "ERR_SOCKET_CLOSED",
    ],
    [
      "socket of a transport",
      ({ loop, owned }) => loop.createConnection(noProtocol, null, null, { sock: owned }),
      RuntimeError,
      "ERR_FD_IN_USE",
    ],
    ...each(
      "host",
      [1, {}, []],
      ({ loop }, value) => loop.createConnection(noProtocol, value, 1),
      TypeError,
      "ERR_INVALID_ARG_TYPE",
    ),
    ...each(
      "port",
      [-1, 65536, 0.5, Number.NaN],
      ({ loop }, value) => loop.createConnection(noProtocol, "127.0.0.1", value),
      ValueError,
      "ERR_OUT_OF_RANGE",
    ),
    [
      "unknown option",
      ({ loop }) => loop.createConnection(noProtocol, "127.0.0.1", 1, { prot: 6 } as never),
      TypeError,
      "ERR_UNKNOWN_OPTION",
    ],
    [
      "nobody there",
      ({ loop }) => loop.runUntilComplete(loop.createConnection(noProtocol, "127.0.0.1", 1)),
      Error,
      "ECONNREFUSED",
    ],
    [
      "factory of no protocol",
      ({ loop, sock }) => loop.runUntilComplete(loop.createConnection(() => 1 as never, null, null, { sock })),
      TypeError,
      "ERR_NOT_A_PROTOCOL",
    ],
  ],
  createServer: [
    ...each(
      "factory",
      notCallable,
      ({ loop }, value) => loop.createServer(value, "127.0.0.1", 0),
      TypeError,
      "ERR_NOT_CALLABLE",
    ),
    ["neither host nor port nor sock", ({ loop }) => loop.createServer(noProtocol), ValueError, "ERR_NO_ADDRESS"],
    [
      "sock beside a port",
      ({ loop, sock }) => loop.createServer(noProtocol, null, 0, { sock }),
      ValueError,
      "ERR_CONFLICTING_OPTIONS",
    ],
    [
      "datagram socket",
      ({ loop, datagram }) => loop.createServer(noProtocol, null, null, { sock: datagram }),
      ValueError,
      "ERR_SOCKET_KIND",
    ],
    [
      "closed socket",
      ({ loop, closed }) => loop.createServer(noProtocol, null, null, { sock: closed }),
      RuntimeError,
      "ERR_SOCKET_CLOSED",
    ],
    [
      "socket of a transport",
      ({ loop, owned }) => loop.createServer(noProtocol, null, null, { sock: owned }),
      RuntimeError,
      "ERR_FD_IN_USE",
    ],
    ...each(
      "hosts",
      [1, {}, [1], []],
      ({ loop }, value) => loop.createServer(noProtocol, value, 0),
      TypeError,
      "ERR_INVALID_ARG_TYPE",
    ),
    ...each(
      "backlog",
      [-1, 0.5, Number.NaN],
      ({ loop }, backlog) => loop.createServer(noProtocol, "127.0.0.1", 0, { backlog }),
      ValueError,
      "ERR_OUT_OF_RANGE",
    ),
    [
      "ssl true",
      ({ loop }) => loop.createServer(noProtocol, "127.0.0.1", 0, { ssl: true } as never),
      TypeError,
      "ERR_INVALID_ARG_TYPE",
    ],
  ],
  transports: [
    ...each("write", notBytes, ({ transport }, value) => transport.write(value), TypeError, "ERR_INVALID_ARG_TYPE"),
    [
      "write after writeEof",
      ({ transport }) => [transport.writeEof(), transport.write(Buffer.from("x"))],
      RuntimeError,
      "ERR_WRITE_AFTER_EOF",
    ],
    ...each(
      "protocol",
      [undefined, null, 1],
      ({ transport }, value) => transport.setProtocol(value),
      TypeError,
      "ERR_NOT_A_PROTOCOL",
    ),
    [
      "low above high",
      ({ transport }) => transport.setWriteBufferLimits({ high: 1, low: 2 }),
      ValueError,
      "ERR_OUT_OF_RANGE",
    ],
    ["negative limit", ({ transport }) => transport.setWriteBufferLimits({ high: -1 }), ValueError, "ERR_OUT_OF_RANGE"],
  ],
};
