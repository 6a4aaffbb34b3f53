/** What was taken in silence, or refused in words of the engine: each is an error with a code at the call. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { instantiate } from "../../host/embed.js";
import {
  AF_INET,
  Condition,
  createEagerTaskFactory,
  ExceptionGroup,
  inetNtop,
  inetPton,
  openConnection,
  openUnixConnection,
  partial,
  Socket,
  StreamReaderProtocol,
  StreamWriter,
  socketpair,
  startServer,
  startUnixServer,
  TransportDuplex,
} from "../../host/index.js";
import { lookupError } from "../../host/net/lookups.js";
import { checkSignal } from "../../host/processes/signal-names.js";
import { closeAll, thrownBy } from "../support/sockets.js";
import { onLoop } from "./net/support.js";

const test = suite("misuse");
async function* asyncGenerator(): AsyncGenerator<void> {}
function* generator(): Generator<void> {}
class Plain {}

function refused(call: () => unknown, code: string, text: string | RegExp = ""): void {
  const error = thrownBy(call);
  assert.is(error.code, code, error.message);
  assert.match(error.message, text);
}

test(
  "options that are no object",
  onLoop(async () => {
    const calls: [name: string, call: (options: never) => unknown][] = [
      ["openConnection", (options) => openConnection("127.0.0.1", 1, options)],
      ["startServer", (options) => startServer(() => {}, "127.0.0.1", 0, options)],
      ["openUnixConnection", (options) => openUnixConnection("/none", options)],
      ["startUnixServer", (options) => startUnixServer(() => {}, "/none", options)],
      ["Socket", (options) => new Socket(undefined, undefined, undefined, options)],
    ];
    for (const [name, call] of calls) {
      for (const options of [null, 5, "text", () => {}]) {
        refused(() => call(options as never), "ERR_INVALID_ARG_TYPE", `The options of ${name}() must be an object`);
      }
      refused(() => call({ tow: 1 } as never), "ERR_UNKNOWN_OPTION", '"tow"');
    }
  }),
);

test(
  "generator functions where nobody would run what they return",
  onLoop(async ({ loop }) => {
    for (const factory of [generator, asyncGenerator]) {
      refused(() => loop.createServer(factory as never, "127.0.0.1", 0), "ERR_NOT_CALLABLE", "the generator function");
      refused(() => loop.setExceptionHandler(factory as never), "ERR_COROUTINE_CALLBACK");
    }
    for (const callback of [asyncGenerator, Plain]) {
      refused(() => startServer(callback as never, "127.0.0.1", 0), "ERR_NOT_CALLABLE", "connected clients");
    }
  }),
);

test("functions that would always answer something true", () => {
  const group = new ExceptionGroup("group", [new Error("one")]);
  for (const picks of [generator, asyncGenerator, async () => false]) {
    refused(() => new Condition().waitFor(picks as () => unknown), "ERR_COROUTINE_CALLBACK", "always count as true");
    refused(() => group.split(picks as never), "ERR_INVALID_ARG_TYPE");
  }
  refused(() => group.subgroup(Plain as never), "ERR_INVALID_ARG_TYPE", "the function Plain");
});

test(
  "what is no function, class, group of errors, stream or transport",
  onLoop(async ({ loop }) => {
    refused(() => partial(5 as never), "ERR_NOT_CALLABLE");
    refused(() => createEagerTaskFactory((() => {}) as never), "ERR_NOT_CALLABLE", "a class of tasks");
    for (const errors of [undefined, null, 5, "text", {}]) {
      refused(() => new ExceptionGroup("group", errors as never), "ERR_INVALID_ARG_TYPE", "in an array");
    }
    refused(() => new ExceptionGroup("group", []), "ERR_INVALID_ARG_VALUE", "at least one");
    refused(() => new ExceptionGroup(Symbol("group") as never, []), "ERR_INVALID_ARG_TYPE", "must be a string");
    for (const wrong of [undefined, null, 5, {}]) {
      refused(() => new StreamReaderProtocol(wrong as never, null, loop), "ERR_INVALID_ARG_TYPE", "a StreamReader");
      refused(() => new StreamWriter(wrong as never, {} as never, null, loop), "ERR_NOT_A_TRANSPORT");
      refused(() => new TransportDuplex(wrong as never, {}), "ERR_NOT_A_TRANSPORT");
    }
    for (const wrong of [undefined, null, 0, "yes"]) {
      refused(() => loop.setDebug(wrong as never), "ERR_INVALID_ARG_TYPE", "true or false");
    }
  }),
);

test(
  "lines that cannot be gone through",
  onLoop(async ({ loop }) => {
    const [sock, peer] = socketpair();
    const [transport] = await loop.createConnection(() => ({}), null, null, { sock });
    for (const lines of [undefined, null, 5, "", "text", {}]) {
      refused(() => transport.writeLines(lines as never), "ERR_INVALID_ARG_TYPE", "The lines must be");
    }
    transport.abort();
    closeAll(peer);
  }),
);

test("families of hosts that are no numbers", () => {
  for (const family of [Symbol("family"), Object.create(null), "2"]) {
    refused(() => inetPton(family as never, "127.0.0.1"), "ERR_INVALID_ARG_TYPE", "The family of a host");
    refused(() => inetNtop(family as never, Buffer.alloc(4)), "ERR_INVALID_ARG_TYPE", "The family of a host");
  }
  assert.is(inetNtop(AF_INET, Buffer.from([127, 0, 0, 1])), "127.0.0.1");
});

test("values are named as they were passed", () => {
  refused(() => checkSignal(Number.NaN), "ERR_BAD_SIGNAL", /^NaN is no signal/);
  refused(() => checkSignal(""), "ERR_BAD_SIGNAL", /^"" is no signal/);
  assert.match(lookupError({ status: -2, errno: 0 }, "getaddrinfo", "").message, / ""$/);
});

test("imports of the core", () => {
  for (const imports of [undefined, null, 5, "text"]) {
    refused(() => instantiate(imports as never), "ERR_INVALID_ARG_TYPE");
  }
  refused(() => instantiate({} as never), "ERR_NOT_CALLABLE", "of the core must be a function, not undefined");
});

test.run();
