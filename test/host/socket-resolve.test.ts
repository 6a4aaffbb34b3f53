import { suite } from "uvu";
import * as assert from "uvu/assert";
import * as constants from "../../host/constants.js";
import { type AddressInfo, parseNumeric, type ResolveOptions, resolveAddresses } from "../../host/net/resolve.js";
import { leakChecked } from "../support/leaks.js";

const { AF_INET, AF_INET6, AF_UNIX, AI_PASSIVE, SOCK_DGRAM, SOCK_RAW, SOCK_STREAM } = constants;
const { IPPROTO_TCP, IPPROTO_UDP } = constants;
const STREAM = { type: SOCK_STREAM };

const test = leakChecked(suite("resolving"));

async function hosts(host: string | null, options: ResolveOptions): Promise<string[]> {
  const infos = await resolveAddresses(host, 80, options);
  return infos.map((info) => info.address.host);
}

async function failure(...args: unknown[]): Promise<Error & { code?: string }> {
  return resolveAddresses(...(args as [string, number])).then(
    () => assert.unreachable("it resolves") as never,
    (error) => error,
  );
}

test("answers a numeric host with one address for the type", async () => {
  assert.equal(await resolveAddresses("127.0.0.1", 80, STREAM), [
    {
      family: AF_INET,
      type: SOCK_STREAM,
      proto: IPPROTO_TCP,
      canonname: "",
      address: { host: "127.0.0.1", port: 80 },
    },
  ]);
  assert.equal(await resolveAddresses("0:0::1", "443", { type: SOCK_DGRAM }), [
    {
      family: AF_INET6,
      type: SOCK_DGRAM,
      proto: IPPROTO_UDP,
      canonname: "",
      address: { host: "::1", port: 443, flowinfo: 0, scopeId: 0 },
    },
  ]);
});

test("answers each type, in glibc's order, where it is open", async () => {
  const kinds = (infos: AddressInfo[]): number[][] => infos.map((info) => [info.type, info.proto]);
  assert.equal(kinds(await resolveAddresses("127.0.0.1", null)), [
    [SOCK_STREAM, IPPROTO_TCP],
    [SOCK_DGRAM, IPPROTO_UDP],
    [SOCK_RAW, 0],
  ]);
  assert.equal(kinds(await resolveAddresses("127.0.0.1", 1, { proto: IPPROTO_UDP })), [[SOCK_DGRAM, IPPROTO_UDP]]);
  assert.equal(kinds(await resolveAddresses("127.0.0.1", 1, { type: SOCK_RAW, proto: 1 })), [[SOCK_RAW, 1]]);
});

test("answers no host with every address of the machine, or with the loopback ones", async () => {
  assert.equal(await hosts(null, { ...STREAM, flags: AI_PASSIVE }), ["0.0.0.0", "::"]);
  assert.equal(await hosts(null, STREAM), ["::1", "127.0.0.1"]);
  assert.equal(await hosts(null, { ...STREAM, family: AF_INET6, flags: AI_PASSIVE }), ["::"]);
});

test("answers a name with what the system knows of it", async () => {
  assert.equal(await hosts("localhost", { ...STREAM, family: AF_INET }), ["127.0.0.1"]);
  const error = await failure("name.invalid", 1);
  assert.ok(["ENOTFOUND", "EAI_AGAIN"].includes(error.code as string), error.code);
});

test("maps IPv4 into IPv6 where that is asked for", async () => {
  const options = { ...STREAM, family: AF_INET6, flags: constants.AI_V4MAPPED };
  assert.equal(await hosts("127.0.0.1", options), ["::ffff:127.0.0.1"]);
});

test("keeps the scope of a numeric host", async () => {
  const [info] = await resolveAddresses("fe80::1%3", 1, STREAM);
  assert.equal(info?.address, { host: "fe80::1", port: 1, flowinfo: 0, scopeId: 3 });
});

test("says what does not go together, as getaddrinfo would", async () => {
  const code = async (...args: unknown[]): Promise<string | undefined> => (await failure(...args)).code;
  assert.is(await code("127.0.0.1", 1, { family: AF_INET6 }), "EAI_ADDRFAMILY");
  assert.is(await code("::1", 1, { family: AF_INET }), "EAI_ADDRFAMILY");
  assert.is(await code("localhost", 1, { family: AF_UNIX }), "EAI_FAMILY");
  assert.is(await code("localhost", 1, { type: SOCK_STREAM, proto: IPPROTO_UDP }), "EAI_SOCKTYPE");
  assert.is(await code("localhost", 1, { type: 9 }), "EAI_SOCKTYPE");
  assert.is(await code("localhost", 1, { flags: 0x800 }), "EAI_BADFLAGS");
  assert.is(await code("localhost", 1, { flags: constants.AI_NUMERICHOST }), "ENOTFOUND");
  assert.is(await code("", 1), "ENOTFOUND");
  assert.is(
    (await failure("127.0.0.1", 1, { family: AF_INET6 })).message,
    "getaddrinfo EAI_ADDRFAMILY: the host has no address of the family that is wanted 127.0.0.1",
  );
});

test("refuses by name what it cannot do", async () => {
  for (const args of [
    ["localhost", "http"],
    ["localhost", 1, { flags: constants.AI_CANONNAME }],
  ]) {
    const error = await failure(...args);
    assert.equal([error.name, error.code], ["UnsupportedError", "ERR_UNSUPPORTED_RESOLVE"]);
  }
});

test("refuses hosts and ports that are none", async () => {
  for (const host of [5, {}, true, Buffer.from("localhost")]) assert.instance(await failure(host, 1), TypeError);
  for (const port of [-1, 65536, 1.5, Number.NaN, "65536"]) {
    assert.is((await failure("127.0.0.1", port)).code, "ERR_OUT_OF_RANGE", String(port));
  }
  for (const port of [true, {}, 5n]) assert.instance(await failure("127.0.0.1", port), TypeError);
  assert.is((await failure("a\0b", 1)).code, "ERR_INVALID_ADDRESS");
  for (const name of ["family", "type", "proto", "flags"]) {
    assert.is((await failure("127.0.0.1", 1, { [name]: -1 })).code, "ERR_OUT_OF_RANGE");
    assert.instance(await failure("127.0.0.1", 1, { [name]: "1" }), TypeError);
  }
});

test("knows at once what needs no resolving", () => {
  assert.equal(parseNumeric("127.0.0.1", "80", STREAM)?.address, { host: "127.0.0.1", port: 80 });
  assert.is(parseNumeric("::1", null, { type: SOCK_DGRAM })?.proto, IPPROTO_UDP);
  for (const [host, port, options] of [
    ["localhost", 80, STREAM],
    [null, 80, STREAM],
    ["127.0.0.1", "http", STREAM],
    ["127.0.0.1", 80, {}],
    ["127.0.0.1", 80, { type: SOCK_RAW }],
    ["127.0.0.1", 80, { ...STREAM, proto: IPPROTO_UDP }],
    ["::1", 80, { ...STREAM, family: AF_INET }],
  ] as const) {
    assert.is(parseNumeric(host, port, options), null, `${host} ${port}`);
  }
});

test.run();
