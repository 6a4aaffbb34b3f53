import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AF_INET, NI_NUMERICSERV, SOCK_STREAM } from "../../../host/constants.js";
import { LOOKUPS_AT_ONCE } from "../../../host/net/lookups.js";
import { libc } from "../../../host/sys/libc.js";
import type { Ending } from "../../support/child-programs.js";
import { leakChecked } from "../../support/leaks.js";
import { namespacesMissing, runInNamespace } from "../../support/namespace.js";
import { onLoop } from "./support.js";

const HOSTS = `127.0.0.1 localhost localhost.wasyncio.test
127.0.0.9 both nine.wasyncio.test
::9 both nine.wasyncio.test
127.0.0.4 four
::6 six
127.0.0.1 local
::1 local
127.0.0.2 many
127.0.0.3 many
127.0.0.5 many
::9 many
`;
const IPV4 = { family: AF_INET, type: SOCK_STREAM };

const tests = suite("lookups");
const test = leakChecked(tests);

/** A test that runs a scene of `lookup-scenes.ts`. */
function sceneTest(
  name: string,
  words: readonly string[],
  check: (ending: Ending, lines: unknown[]) => void,
  patienceSeconds = 10,
): void {
  if (namespacesMissing !== null) return tests.skip(`${name} (skipped: ${namespacesMissing})`);
  test(name, async () => {
    const ending = await runInNamespace("host/net/lookup-scenes", words, HOSTS, patienceSeconds);
    const isJson = /^[[{"\d]/;
    // Debug mode warns of steps that take long, as some of these do.
    const printed = ending.output.split("\n").filter((line) => !line.startsWith("Executing "));
    const lines = printed.map((line) => (isJson.test(line) ? JSON.parse(line) : line));
    check(ending, lines);
  });
}

sceneTest(
  "the addresses of a host are tried in turns of their families where that is wanted",
  ["turns"],
  ({ output }, lines) => {
    assert.equal(
      lines.slice(0, 4),
      [
        ["127.0.0.2", "127.0.0.3", "127.0.0.5", "::9"],
        ["127.0.0.2", "::9", "127.0.0.3", "127.0.0.5"],
        ["127.0.0.2", "127.0.0.3", "::9", "127.0.0.5"],
        ["127.0.0.2", "::9", "127.0.0.3", "127.0.0.5"],
      ],
      output,
    );
  },
);

sceneTest(
  "every family and flag makes the difference that it makes in CPython",
  ["tables"],
  ({ code, output }, lines) => {
    assert.is(code, 0, output);
    const [{ asked, different, answers }, found] = lines as [
      { asked: number; different: string[]; answers: number },
      Record<string, unknown>,
    ];
    assert.equal(different, []);
    assert.is(asked, 144);
    assert.ok(answers > 20, `${answers} different answers`);
    const hosts = (question: string): unknown => (found[question] as unknown[][]).map((info) => info[4]).sort();
    assert.equal(hosts('["both",80,10,1,0,8]'), ["::9"]);
    assert.equal(hosts('["both",80,10,1,0,24]'), ["::9", "::ffff:127.0.0.9"]);
    assert.equal(hosts('["four",80,10,1,0,8]'), ["::ffff:127.0.0.4"]);
    assert.is(found['["four",80,10,1,0,0]'], "EAI_AGAIN");
    assert.is(found['["127.0.0.1",80,2,1,0,32]'], "ENOTFOUND");
    assert.equal(found['["127.0.0.9",514,0]'], ["both", "shell"]);
    assert.equal(found['["127.0.0.9",514,16]'], ["both", "syslog"]);
  },
);

sceneTest("half of the pool's threads look up, and the others go on", ["bound"], ({ code, output }, lines) => {
  assert.is(code, 0, output);
  assert.equal(lines, [
    ["n0.test", "n1.test"],
    ["n0.test", "n1.test", "n2.test"],
    ["10.0.0.1"],
    ["10.0.0.2"],
    ["10.0.0.3"],
    "ENOTFOUND",
  ]);
});

sceneTest("cancelling takes effect at once, in the queue and under way", ["cancel"], ({ code, output }, lines) => {
  assert.is(code, 0, output);
  assert.equal(lines, [
    [true, true, false, true, true],
    ["ERR_CANCELLED", "ERR_CANCELLED"],
    ["10.0.0.1", "10.0.0.3"],
    ["n0.test", "n1.test", "n3.test"],
  ]);
});

sceneTest("a closed loop hears nothing, and is in nobody's way", ["closed"], ({ code, output }, lines) => {
  assert.is(code, 0, output);
  assert.equal(lines, [
    "10.0.0.9",
    [
      ["n0.test", "n1.test", "other.test"],
      [false, false, false, false],
    ],
  ]);
});

sceneTest("connections and servers may be named by their service", ["services"], ({ code, output }, lines) => {
  assert.is(code, 0, output);
  assert.equal(lines, [
    [
      { host: "::1", port: 80, flowinfo: 0, scopeId: 0 },
      { host: "127.0.0.1", port: 80 },
    ],
    [
      { host: "::1", port: 80, flowinfo: 0, scopeId: 0 },
      { host: "::1", port: 443, flowinfo: 0, scopeId: 0 },
    ],
  ]);
});

sceneTest("a local address with a name is the first that has the family and is free", ["locals"], (ending, lines) => {
  assert.is(ending.code, 0, ending.output);
  assert.equal(lines, [
    ["local", "four", "127.0.0.4"],
    ["local", "both", "127.0.0.9"],
    ["four", "six", ["ERR_NO_ADDRESS"]],
    ["local", "six", ["EADDRNOTAVAIL", "ERR_NO_ADDRESS"]],
    ["127.0.0.1", "many", "127.0.0.3"],
  ]);
});

for (const [how, ending] of Object.entries({
  exit: { code: 7, signal: null, last: "asked" },
  throw: { code: 1, signal: null, last: /Error: thrown/ },
  signal: { code: null, signal: "SIGTERM", last: "asked" },
  natural: { code: 0, signal: null, last: "ended: ERR_CANCELLED" },
})) {
  sceneTest(
    `a process may end by ${how} while a lookup is under way`,
    ["end", how],
    ({ code, signal, output }, lines) => {
      assert.equal([code, signal], [ending.code, ending.signal], output);
      if (typeof ending.last === "string") assert.is(lines.at(-1), ending.last);
      else assert.match(output, ending.last);
    },
    1,
  );
}

sceneTest(
  "a worker may end while lookups are under way",
  ["workers"],
  ({ code, output }, lines) => {
    assert.is(code, 0, output);
    assert.equal(lines, [1, 3, "alive"]);
  },
  1,
);

test("half of libuv's pool is two threads, unless it was made another size", () => {
  const size = Number(process.env.UV_THREADPOOL_SIZE ?? 4);
  assert.is(LOOKUPS_AT_ONCE, Math.ceil(size / 2));
});

test(
  "what was found is freed, also when nobody waits for it any more",
  onLoop(async ({ loop }) => {
    const c = libc();
    const { freeaddrinfo } = c;
    let freed = 0;
    c.freeaddrinfo = (list) => {
      freed++;
      freeaddrinfo(list);
    };
    const lookups = Array.from({ length: 20 }, () => loop.getaddrinfo("localhost", 80, IPV4));
    for (const lookup of lookups.slice(0, LOOKUPS_AT_ONCE)) lookup.cancel();
    for (const lookup of lookups.slice(LOOKUPS_AT_ONCE)) await lookup;
    assert.is(freed, lookups.length);
    c.freeaddrinfo = freeaddrinfo;
  }),
);

test(
  "the memory of a lookup outlives the collection of garbage",
  onLoop(async ({ loop }) => {
    const lookups = Array.from({ length: 100 }, () => loop.getaddrinfo("localhost", 80, IPV4));
    for (const lookup of lookups) {
      globalThis.gc?.();
      Buffer.allocUnsafeSlow(4096).fill(0xff);
      assert.is((await lookup)[0]?.address.host, "127.0.0.1");
    }
  }),
);

test(
  "debug mode tells of slow lookups",
  onLoop(async ({ loop }) => {
    const { warn } = console;
    const warnings: string[] = [];
    console.warn = (text: string) => warnings.push(text);
    try {
      loop.setDebug(true);
      await loop.getaddrinfo("localhost", 80, IPV4);
      loop.slowCallbackDuration = 0;
      await loop.getaddrinfo("localhost", 80, IPV4);
      await loop.getnameinfo({ host: "127.0.0.1", port: 80 }, NI_NUMERICSERV);
    } finally {
      console.warn = warn;
      loop.setDebug(false);
    }
    const ours = warnings.filter((text) => text.startsWith("get"));
    assert.match(ours.at(-2) as string, /^getaddrinfo of localhost took \d+\.\d{3} seconds$/);
    assert.match(ours.at(-1) as string, /^getnameinfo of 127\.0\.0\.1 took \d+\.\d{3} seconds$/);
  }),
);

tests.run();
