import { networkInterfaces } from "node:os";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AF_INET, AF_INET6, AF_UNIX } from "../../../host/constants.js";
import { EAFNOSUPPORT, EINVAL } from "../../../host/sys/errno.js";
import { libc } from "../../../host/sys/libc.js";
import { type Address, formatIPv6, parseIPv4, parseIPv6, SocketName } from "../../../host/sys/sockaddr.js";

const test = suite("sockaddr");

/** Writes an address and reads it back, as a kernel would that did not touch it. */
function roundTrip(family: number, address: Address): Address | null {
  const name = new SocketName();
  const length = name.write(family, address);
  assert.ok(length > 0, `${JSON.stringify(address)} is refused with ${length}`);
  name.setLength(length);
  return name.read();
}

test("IPv4 addresses survive", () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.integer({ min: 0, max: 65535 }), (host, port) => {
      assert.equal(roundTrip(AF_INET, { host, port }), { host, port });
    }),
  );
});

test("IPv6 addresses survive in their shortest form, with flow and scope", () => {
  const address = { host: "fe80:0::0:1", port: 443, flowinfo: 0xabcde, scopeId: 7 };
  assert.equal(roundTrip(AF_INET6, address), { ...address, host: "fe80::1" });
  fc.assert(
    fc.property(fc.ipV6(), (host) => {
      const back = roundTrip(AF_INET6, { host, port: 1 }) as { host: string };
      assert.is(new URL(`http://[${back.host}]/`).hostname, new URL(`http://[${host}]/`).hostname);
    }),
  );
});

test("an IPv6 host may name its scope", () => {
  const name = Object.keys(networkInterfaces())[0] as string;
  const index = libc().if_nametoindex(name);
  assert.equal(roundTrip(AF_INET6, { host: `fe80::1%${name}`, port: 1 }), {
    host: "fe80::1",
    port: 1,
    flowinfo: 0,
    scopeId: index,
  });
  assert.is(parseIPv6("fe80::1%12")?.scopeId, 12);
  for (const host of ["fe80::1%", "fe80::1%no-such-interface", "fe80::1%lo\0"]) assert.is(parseIPv6(host), null);
});

test("paths survive, abstract ones with every NUL, and the empty one", () => {
  for (const path of ["/run/socket", "relative", "/tmp/ü", "\0abstract", "\0with\0inside\0", "", "/".repeat(107)]) {
    assert.is(roundTrip(AF_UNIX, path), path);
  }
  assert.is(roundTrip(AF_UNIX, `\0${"a".repeat(107)}`), `\0${"a".repeat(107)}`);
});

test("paths may be bytes, and come back as such if they are no text", () => {
  assert.is(roundTrip(AF_UNIX, new TextEncoder().encode("/tmp/ü")), "/tmp/ü");
  for (const bytes of [
    [0x2f, 0xff],
    [0, 0xc3, 0, 0x28, 0],
  ]) {
    assert.equal(roundTrip(AF_UNIX, Uint8Array.from(bytes)), Buffer.from(bytes));
  }
});

test("what is no address of the family is refused", () => {
  const name = new SocketName();
  assert.is(name.write(AF_INET, { host: "::1", port: 1 }), -EINVAL);
  assert.is(name.write(AF_INET, "path"), -EINVAL);
  assert.is(name.write(AF_INET6, { host: "127.0.0.1", port: 1 }), -EINVAL);
  assert.is(name.write(AF_UNIX, { host: "127.0.0.1", port: 1 }), -EINVAL);
  assert.is(name.write(AF_UNIX, "/".repeat(108)), -EINVAL);
  assert.is(name.write(AF_UNIX, `\0${"a".repeat(108)}`), -EINVAL);
  assert.is(name.write(AF_INET, Buffer.from("path")), -EINVAL);
  assert.is(name.write(17, { host: "127.0.0.1", port: 1 }), -EAFNOSUPPORT);
});

test("what the kernel did not write is no address", () => {
  const name = new SocketName();
  name.setLength(0);
  assert.is(name.read(), null);
});

test("IPv4 is parsed exactly as inet_pton does", () => {
  const bytes = new Uint8Array(4);
  const part = fc.constantFrom("0", "00", "01", "1", "9", "10", "255", "256", "999", "-1", "+1", " 1", "", "a", "１");
  const nearly = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("."));
  fc.assert(
    fc.property(fc.oneof(nearly, fc.ipV4(), fc.string()), (host) => {
      if (host.includes("\0")) return;
      const valid = libc().inet_pton(AF_INET, host, bytes) === 1;
      assert.is(parseIPv4(host), valid ? Buffer.from(bytes).readUInt32BE() : -1, JSON.stringify(host));
    }),
  );
});

test("a NUL does not end a host early", () => {
  assert.is(parseIPv4("127.0.0.1\0"), -1);
  assert.is(parseIPv6("::1\0"), null);
});

test("IPv6 is written as the C library writes it", () => {
  assert.is(formatIPv6(new Uint8Array(16)), "::");
  assert.is(formatIPv6(Buffer.from("20010db8000000000000000000000001", "hex")), "2001:db8::1");
  assert.is(formatIPv6(Buffer.from("00000000000000000000ffff7f000001", "hex")), "::ffff:127.0.0.1");
  assert.is(formatIPv6(Buffer.alloc(16, 0xff)), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
});

test.run();
