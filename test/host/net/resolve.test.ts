import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import * as constants from "../../../host/constants.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import { VirtualEventLoop } from "../../../host/loop/virtual-event-loop.js";
import type { AddressInfo, ResolveOptions } from "../../../host/net/resolve.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";
import { compareAddresses, compareNames, differences } from "./cpython-names.js";
import { onLoop, rejectionOf } from "./support.js";

const { AF_INET, AF_INET6, AF_UNIX, AF_UNSPEC, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, SOCK_STREAM } = constants;
const { AI_CANONNAME, AI_NUMERICHOST, AI_NUMERICSERV, AI_PASSIVE, AI_V4MAPPED, IPPROTO_TCP, IPPROTO_UDP } = constants;
const { NI_DGRAM, NI_NAMEREQD, NI_NUMERICHOST, NI_NUMERICSERV } = constants;
const STREAM = { type: SOCK_STREAM };
const NUMERIC = NI_NUMERICHOST | NI_NUMERICSERV;

const tests = suite("resolving");
const test = leakChecked(tests);
const cpythonTest = spawnSync("python3", ["-c", "import socket"]).status === 0 ? test : tests.skip;
const hasServices = existsSync("/etc/services");

/** Asks on a loop of its own. */
async function ask(host: unknown, port: unknown, options?: ResolveOptions): Promise<AddressInfo[]> {
  const loop = new EventLoop();
  try {
    return await loop.runUntilComplete(loop.getaddrinfo(host as string, port as number, options));
  } finally {
    loop.close();
  }
}

async function codeOf(...args: [host: unknown, port: unknown, options?: ResolveOptions]): Promise<string | undefined> {
  return (await rejectionOf(ask(...args))).code;
}

test("answers a numeric host with one address for the type", async () => {
  assert.equal(await ask("127.0.0.1", 80, STREAM), [
    {
      family: AF_INET,
      type: SOCK_STREAM,
      proto: IPPROTO_TCP,
      canonname: "",
      address: { host: "127.0.0.1", port: 80 },
    },
  ]);
  assert.equal(await ask("0:0::1", "443", { type: SOCK_DGRAM }), [
    {
      family: AF_INET6,
      type: SOCK_DGRAM,
      proto: IPPROTO_UDP,
      canonname: "",
      address: { host: "::1", port: 443, flowinfo: 0, scopeId: 0 },
    },
  ]);
});

test(
  "a numeric host is answered in the next iteration, and can be cancelled until then",
  onLoop(async ({ loop }) => {
    const trace: string[] = [];
    await loop.createTask(function* () {
      const future = loop.getaddrinfo("127.0.0.1", 80, STREAM);
      const cancelled = loop.getaddrinfo("127.0.0.1", 80, STREAM);
      assert.not(future.done());
      assert.ok(cancelled.cancel());
      loop.callSoon(() => trace.push(`an iteration later: ${future.done()}`));
      trace.push("asked");
      const [info] = yield* future;
      trace.push(info?.address.host as string);
      assert.ok(cancelled.cancelled());
    });
    assert.equal(trace, ["asked", "an iteration later: true", "127.0.0.1"]);
  }),
);

test("every answer has an address of its own", async () => {
  const [first, second] = await ask("127.0.0.1", 80);
  (first as AddressInfo).address.port = 1;
  assert.is(second?.address.port, 80);
});

cpythonTest("CPython has the same answers, in the same order", async () => {
  const loop = new EventLoop();
  const compared = await loop.runUntilComplete(
    loop.createTask(() =>
      compareAddresses(loop, [
        ["127.0.0.1", 80],
        ["127.0.0.1", 80, 0, 0, 0, AI_CANONNAME],
        ["127.0.0.1", "80", AF_INET, SOCK_STREAM, IPPROTO_TCP, AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE],
        ["127.0.0.1", null],
        ["127.0.0.1", ""],
        ["127.0.0.1", "0080", 0, SOCK_DGRAM],
        ["127.0.0.1", 80, AF_INET6],
        ["127.0.0.1", 80, AF_INET6, SOCK_STREAM, 0, AI_V4MAPPED],
        ["127.0.0.1", 80, AF_INET6, SOCK_STREAM, 0, AI_V4MAPPED | AI_CANONNAME],
        ["127.0.0.1", 80, 0, SOCK_RAW, 1],
        ["127.0.0.1", 80, 0, 0, 132],
        ["127.0.0.1", 80, 0, SOCK_SEQPACKET],
        ["127.0.0.1", 80, 0, SOCK_STREAM, IPPROTO_UDP],
        ["127.0.0.1", 80, 0, 0, IPPROTO_UDP],
        ["127.0.0.1", 80, 0, 0, 0, 0x800],
        ["127.0.0.1", 80, 0, 9],
        ["127.0.0.1", 80, AF_UNIX],
        ["127.1", 80, 0, SOCK_STREAM, 0, AI_CANONNAME],
        ["0x7f000001", 80, 0, SOCK_STREAM],
        ["127.0.0.1", "http", 0, SOCK_STREAM],
        ["127.0.0.1", "http", 0, SOCK_STREAM, 0, AI_NUMERICSERV],
        ["127.0.0.1", "no-such-service", 0, SOCK_STREAM],
        ["127.0.0.1", "ntp", 0, SOCK_STREAM],
        ["127.0.0.1", "domain"],
        ["::1", 80],
        ["::1", 80, AF_INET],
        ["::1", 80, AF_INET, 0, 0, AI_V4MAPPED],
        ["0:0::ffff:1.2.3.4", 80, 0, SOCK_DGRAM],
        ["::1.2.3.4", 80, AF_INET6, SOCK_DGRAM, 0, AI_CANONNAME],
        ["fe80::1%1", 80, 0, SOCK_STREAM],
        ["fe80::1%lo", 80, 0, SOCK_STREAM, 0, AI_CANONNAME],
        ["fe80::1%no-such-interface", 80, 0, SOCK_STREAM],
        ["::1%lo", 80, 0, SOCK_STREAM],
        ["localhost", 80],
        ["localhost", 80, AF_INET, SOCK_STREAM, 0, AI_CANONNAME],
        ["localhost", 80, 0, SOCK_STREAM, 0, AI_NUMERICHOST],
        ["localhost", "http", AF_INET, SOCK_STREAM],
        [null, 80],
        [null, 80, 0, SOCK_STREAM, 0, AI_PASSIVE],
        [null, 80, AF_INET6, SOCK_STREAM, 0, AI_PASSIVE],
        [null, 80, AF_INET, SOCK_DGRAM],
        [null, null],
        ["", 80],
        ["a b", 80],
      ]),
    ),
  );
  loop.close();
  assert.equal(differences(compared), []);
});

cpythonTest("CPython has the same names", async () => {
  const loop = new EventLoop();
  const compared = await loop.runUntilComplete(
    loop.createTask(() =>
      compareNames(loop, [
        ["127.0.0.1", 80, 0],
        ["127.0.0.1", 80, NUMERIC],
        ["127.0.0.1", 80, NI_NUMERICHOST],
        ["127.0.0.1", 80, NI_NUMERICSERV],
        ["127.0.0.1", 514, NI_NUMERICHOST],
        ["127.0.0.1", 514, NI_NUMERICHOST | NI_DGRAM],
        ["127.0.0.1", 1, NUMERIC | NI_NAMEREQD],
        ["127.0.0.1", 0, NUMERIC | 0x4000],
        ["::1", 65535, NUMERIC],
        ["fe80::1", 5, NUMERIC, 1],
        ["fe80::1", 5, NI_NUMERICHOST, 1],
      ]),
    ),
  );
  loop.close();
  assert.equal(differences(compared), []);
});

test(
  "getnameinfo knows the scope and the interface of an address",
  onLoop(async ({ loop }) => {
    const address = { host: "fe80::1", port: 80, flowinfo: 5, scopeId: 1 };
    assert.equal(await loop.getnameinfo(address, NUMERIC), ["fe80::1%lo", "80"]);
    assert.equal(await loop.getnameinfo({ ...address, scopeId: 0 }, NUMERIC), ["fe80::1", "80"]);
    assert.equal(await loop.getnameinfo({ host: "fe80::1%lo", port: 80 }, NUMERIC), ["fe80::1%lo", "80"]);
  }),
);

test(
  "numeric names come in the next iteration as well",
  onLoop(async ({ loop }) => {
    const future = loop.getnameinfo({ host: "127.0.0.1", port: 80 }, NUMERIC);
    assert.not(future.done());
    assert.equal(await future, ["127.0.0.1", "80"]);
    const failing = loop.getnameinfo({ host: "127.0.0.1", port: 80 }, NUMERIC | NI_NAMEREQD);
    assert.is((await rejectionOf(failing)).code, "ENOTFOUND");
  }),
);

test("what fails says why, as dns.lookup does and in the words of the C library", async () => {
  const error = await rejectionOf(ask("localhost", 80, { ...STREAM, flags: AI_NUMERICHOST }));
  const { code, errno, syscall, hostname, message } = error as unknown as Record<string, unknown>;
  assert.equal(
    { code, errno, syscall, hostname },
    {
      code: "ENOTFOUND",
      errno: -3008,
      syscall: "getaddrinfo",
      hostname: "localhost",
    },
  );
  assert.is(message, "getaddrinfo ENOTFOUND: Name or service not known localhost");
  assert.is((await rejectionOf(ask(null, null))).message, "getaddrinfo ENOTFOUND: Name or service not known");
  assert.is(await codeOf("127.0.0.1", 1, { family: AF_INET6 }), "EAI_ADDRFAMILY");
  assert.is(await codeOf("localhost", 1, { family: AF_UNIX }), "EAI_FAMILY");
  assert.is(await codeOf("localhost", 1, { type: SOCK_STREAM, proto: IPPROTO_UDP }), "EAI_SOCKTYPE");
  assert.is(await codeOf("localhost", 1, { flags: 0x800 }), "EAI_BADFLAGS");
  assert.is(await codeOf("localhost", "no-such-service"), "EAI_SERVICE");
});

test("names outside ASCII are encoded", async () => {
  // Fullwidth digits are digits to a browser.
  assert.is((await ask("１２７.0.0.1", 80, STREAM))[0]?.address.host, "127.0.0.1");
  const error = await rejectionOf(ask("bücher.invalid", 80, STREAM));
  assert.is((error as { hostname?: string }).hostname, "xn--bcher-kva.invalid");
});

test("refuses hosts and ports that are none", async () => {
  for (const host of [5, {}, true, Buffer.from("localhost")]) {
    assert.instance(await rejectionOf(ask(host, 1)), TypeError);
  }
  for (const port of [-1, 65536, 1.5, Number.NaN, "65536"]) {
    assert.is(await codeOf("127.0.0.1", port), "ERR_OUT_OF_RANGE", String(port));
  }
  for (const port of [true, {}, 5n]) assert.instance(await rejectionOf(ask("127.0.0.1", port)), TypeError);
  for (const host of ["a\0b", "\ud800"]) assert.is(await codeOf(host, 1), "ERR_INVALID_ADDRESS");
  assert.is(await codeOf("127.0.0.1", "ht\0tp"), "ERR_INVALID_ADDRESS");
  for (const name of ["family", "type", "proto", "flags"]) {
    assert.is(await codeOf("127.0.0.1", 1, { [name]: -1 }), "ERR_OUT_OF_RANGE");
    assert.instance(await rejectionOf(ask("127.0.0.1", 1, { [name]: "1" } as never)), TypeError);
  }
  assert.is(await codeOf("127.0.0.1", 1, { socktype: 1 } as never), "ERR_UNKNOWN_OPTION");
  assert.is(await codeOf("127.0.0.1", 1, null as never), "ERR_INVALID_ARG_TYPE");
});

test(
  "getnameinfo refuses addresses that are none",
  onLoop(async ({ loop }) => {
    const cases: [sockaddr: unknown, flags: unknown, code: string][] = [
      ["/run/socket", 0, "ERR_INVALID_ADDRESS"],
      [null, 0, "ERR_INVALID_ADDRESS"],
      [Buffer.from("path"), 0, "ERR_INVALID_ADDRESS"],
      [{ host: "localhost", port: 80 }, 0, "ERR_INVALID_ADDRESS"],
      [{ host: "127.0.0.1" }, 0, "ERR_INVALID_ARG_TYPE"],
      [{ host: "127.0.0.1", port: 70_000 }, 0, "ERR_OUT_OF_RANGE"],
      [{ host: "127.0.0.1", port: 80 }, -1, "ERR_OUT_OF_RANGE"],
      [{ host: "127.0.0.1", port: 80 }, "1", "ERR_INVALID_ARG_TYPE"],
    ];
    for (const [sockaddr, flags, code] of cases) {
      const error = thrownBy(() => loop.getnameinfo(sockaddr as never, flags as never));
      assert.is(error.code, code, error.message);
    }
  }),
);

test("on a virtual loop, numeric addresses are answered and names are refused", async () => {
  const loop = new VirtualEventLoop();
  for (const host of ["127.0.0.1", "0::1"]) {
    const [info] = await loop.runUntilComplete(loop.getaddrinfo(host, "80", STREAM));
    assert.is(info?.address.port, 80);
  }
  const address = { host: "127.0.0.1", port: 80 };
  assert.equal(await loop.runUntilComplete(loop.getnameinfo(address, NUMERIC)), ["127.0.0.1", "80"]);
  for (const look of [
    () => loop.getaddrinfo("localhost", 80),
    () => loop.getaddrinfo("127.0.0.1", "http"),
    () => loop.getaddrinfo(null, 80),
    () => loop.getnameinfo(address),
  ]) {
    const error = thrownBy(look);
    assert.equal([error.name, error.code], ["UnsupportedError", "ERR_NO_LOOKUPS"]);
  }
  assert.is(loop.time(), 0);
  loop.close();
});

test("numeric addresses need no C library", () => {
  const program = `
    import { VirtualEventLoop } from "${new URL("../../../host/testing.js", import.meta.url)}";
    Object.defineProperty(process, "platform", { value: "plan9" });
    const loop = new VirtualEventLoop();
    for (const host of ["127.0.0.1", "0::1"]) {
      const [info] = await loop.runUntilComplete(loop.getaddrinfo(host, 80, { type: ${SOCK_STREAM} }));
      console.log(info.address.host);
    }`;
  const output = execFileSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" });
  assert.is(output, "127.0.0.1\n::1\n");
});

test(
  "nobody else gives an answer, be it to a name or to an address",
  onLoop(async ({ loop }) => {
    for (const future of [
      loop.getaddrinfo("localhost", 80),
      loop.getaddrinfo("127.0.0.1", 80),
      loop.getnameinfo({ host: "127.0.0.1", port: 80 }),
      loop.getnameinfo({ host: "127.0.0.1", port: 80 }, NUMERIC),
    ]) {
      assert.is(thrownBy(() => future.setResult([] as never)).code, "ERR_OWN_RESULT");
      assert.is(thrownBy(() => future.setException(new Error("mine"))).code, "ERR_OWN_RESULT");
      assert.ok((await future).length > 0);
    }
  }),
);

test("a closed loop resolves nothing", () => {
  const loop = new EventLoop();
  loop.close();
  assert.is(thrownBy(() => loop.getaddrinfo("127.0.0.1", 80)).code, "ERR_LOOP_CLOSED");
  assert.is(thrownBy(() => loop.getnameinfo({ host: "127.0.0.1", port: 80 })).code, "ERR_LOOP_CLOSED");
});

(hasServices ? test : tests.skip)("a service has its port, and a port its service", async () => {
  const [info] = await ask("127.0.0.1", "http", { ...STREAM, family: AF_UNSPEC });
  assert.is(info?.address.port, 80);
  const loop = new EventLoop();
  const names = await loop.runUntilComplete(loop.getnameinfo({ host: "127.0.0.1", port: 514 }, NI_NUMERICHOST));
  assert.equal(names, ["127.0.0.1", "shell"]);
  loop.close();
});

tests.run();
