/** Pools of threads and of processes: what they run, how it fails, what can be taken back, and how they end. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  CancelledError,
  type PoolExecutor,
  ProcessPoolExecutor,
  RuntimeError,
  ThreadPoolExecutor,
  transfer,
  workerFunction,
} from "../../../host/index.js";
import { runProgram } from "../../support/child-programs.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";
import { rejection } from "../loop/both-loops.js";

const test = leakChecked(suite("executors"));
const sums = new URL("sums.js", import.meta.url);

/** One body, two arms: each pool. */
function onBoth(name: string, body: (executor: PoolExecutor) => Promise<void>, maxWorkers = 1): void {
  for (const Pool of [ThreadPoolExecutor, ProcessPoolExecutor]) {
    test(`${name} (${Pool.name})`, async () => {
      const executor = new Pool({ maxWorkers });
      try {
        await body(executor);
      } finally {
        await executor.shutdown({ cancelFutures: true });
      }
    });
  }
}

onBoth("runs a function that stands alone, plain or async, with its arguments", async (executor) => {
  assert.is(await executor.submit((a: number, b: number) => a + b, 1, 2), 3);
  assert.is(await executor.submit(async (text: string) => text.toUpperCase(), "x"), "X");
  assert.is(
    await executor.submit(function (this: unknown) {
      return typeof this;
    } as () => string),
    "undefined",
  );
  assert.equal(await executor.submit((map: Map<string, Date>) => [...map.keys()], new Map([["k", new Date(0)]])), [
    "k",
  ]);
});

onBoth("runs a function of a module, which may use what is around it", async (executor) => {
  assert.is(await executor.submit(workerFunction<(value: number) => number>(sums, "addToBase"), 2), 42);
  assert.is(await executor.submit(workerFunction<(value: number) => number>(sums.pathname, "addToBase"), 3), 43);
  const wrong = await rejection(executor.submit(workerFunction(sums, "notAFunction")));
  assert.is(wrong.code, "ERR_FUNCTION_NOT_FOUND");
  assert.instance(wrong, TypeError);
});

onBoth("a program that workers import for its functions is not run once more by them", async (executor) => {
  const error = await rejection(
    executor.submit(workerFunction(new URL("whole-program.js", import.meta.url), "answer")),
  );
  assert.is(error.code, "ERR_MAIN_IN_WORKER");
  assert.match(error.message, "in a module of their own");
  assert.is(await executor.submit(workerFunction<(value: number) => number>(sums, "addToBase"), 2), 42);
});

onBoth(
  "what a function throws comes back with its class, properties, cause and stack in the worker",
  async (executor) => {
    const error = (await rejection(
      executor.submit(function thrower() {
        const cause = new SyntaxError("inner");
        throw Object.assign(new RangeError("outer", { cause }), { code: "E_MINE", depth: 2 });
      }),
    )) as Error & { depth: number; code: string };
    assert.instance(error, RangeError);
    assert.is(error.message, "outer");
    assert.is(error.code, "E_MINE");
    assert.is(error.depth, 2);
    assert.match(error.stack ?? "", "thrower");
    assert.instance(error.cause, SyntaxError);
    class Mine extends Error {}
    void Mine;
    const named = await rejection(
      executor.submit(() => {
        class Special extends Error {
          override readonly name = "Special";
        }
        throw new Special("mine");
      }),
    );
    assert.is(named.name, "Special");
    const thrown = await rejection(
      executor.submit(() => {
        throw 7;
      }),
    );
    assert.match(thrown.message, "the number 7");
  },
);

onBoth("what belongs to an error comes back with it, if it can be cloned", async (executor) => {
  const error = (await rejection(
    executor.submit(() => {
      const inner = Object.assign(new TypeError("inner"), { code: "E_INNER" });
      const module = new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
      const thrown = new Error("outer", { cause: { plain: [1] } });
      throw Object.assign(thrown, { at: new Date(0), map: { deep: [1] }, inner, module, call() {}, itself: thrown });
    }),
  )) as Error & { at: Date; map: unknown; inner: Error & { code: string } };
  assert.equal(error.cause, { plain: [1] });
  assert.equal(error.at, new Date(0));
  assert.equal(error.map, { deep: [1] });
  assert.instance(error.inner, TypeError);
  assert.is(error.inner.code, "E_INNER");
  assert.equal(Object.keys(error), ["at", "map", "inner"]);
  const caused = await rejection(
    executor.submit(() => {
      throw new Error("outer", { cause: "text" });
    }),
  );
  assert.is(caused.cause, "text");
  const circular = await rejection(
    executor.submit(() => {
      const thrown = new Error("circular");
      thrown.cause = new Error("inner", { cause: thrown });
      throw thrown;
    }),
  );
  assert.is((circular.cause as Error).message, "inner");
  assert.is((circular.cause as Error).cause, undefined);
});

onBoth("an AggregateError comes back as one, with its errors", async (executor) => {
  const error = (await rejection(
    executor.submit(() => {
      throw new AggregateError([Object.assign(new RangeError("one"), { code: "E_ONE" }), "two", () => {}], "several");
    }),
  )) as AggregateError;
  assert.instance(error, AggregateError);
  assert.is(error.message, "several");
  const [one, two, ...others] = error.errors;
  assert.instance(one, RangeError);
  assert.is(one.code, "E_ONE");
  assert.equal([two, others], ["two", []]);
});

onBoth("whatever a function throws is told of", async (executor) => {
  const strange = [
    () => {
      throw Object.create(null);
    },
    () => {
      throw new Proxy(
        {},
        {
          getPrototypeOf: () => {
            throw new Error("trap");
          },
          get: () => {
            throw new Error("trap");
          },
        },
      );
    },
    () => {
      throw { plain: 1 };
    },
  ];
  for (const thrower of strange) {
    const error = await rejection(executor.submit(thrower as () => void));
    assert.match(error.message, /^the function threw an (object|instance of Object) and no Error/);
  }
  const named = await rejection(
    executor.submit(() => {
      throw Object.assign(new Error("named"), { name: "toString" });
    }),
  );
  assert.equal([named.name, named.message], ["toString", "named"]);
  const plain = await rejection(executor.submit(strange[2] as () => void));
  assert.equal(plain.cause, { plain: 1 });
  const guarded = await rejection(
    executor.submit(() => {
      const thrown = Object.assign(new RangeError("guarded"), { code: "E_MINE" });
      const get = (): never => {
        throw new Error("getter");
      };
      throw Object.defineProperties(thrown, { cause: { get }, other: { get, enumerable: true }, stack: { get } });
    }),
  );
  assert.instance(guarded, RangeError);
  assert.is(guarded.code, "E_MINE");
});

onBoth("a function that uses a variable around it fails with an error that names it", async (executor) => {
  const around = 1;
  const error = (await rejection(executor.submit(() => around + 1))) as RuntimeError;
  assert.instance(error, RuntimeError);
  assert.is(error.code, "ERR_CAPTURED_VARIABLE");
  assert.match(error.message, "the function uses around, which the worker does not have");
  assert.instance(error.cause, ReferenceError);
});

onBoth("an argument or a result that cannot be cloned fails, and the worker goes on", async (executor) => {
  for (const argument of [() => {}, Symbol("mine"), { deep: [new WeakMap()] }]) {
    const refused = thrownBy(() => executor.submit((_value: unknown) => 1, argument));
    assert.instance(refused, TypeError);
    assert.is(refused.code, "ERR_NOT_CLONEABLE");
    assert.match(refused.message, "could not be cloned");
  }
  const error = await rejection(executor.submit(() => () => {}));
  assert.is(error.code, "ERR_RESULT_NOT_CLONEABLE");
  assert.match(error.message, "could not be cloned");
  assert.is(await executor.submit(() => 2), 2);
});

onBoth("arguments are what they were at the call", async (executor) => {
  const blocker = executor.submit(() => new Promise<void>((resolve) => setImmediate(resolve)));
  const argument = { value: 1 };
  const work = executor.submit((given: { value: number }) => given.value, argument);
  argument.value = 2;
  assert.is(await work, 1);
  await blocker;
});

onBoth("what has not begun can be taken back, and what has begun cannot", async (executor) => {
  const first = executor.submit(() => "first");
  const second = executor.submit(() => "second");
  const third = executor.submit(() => "third");
  assert.is(first.cancel(), false);
  assert.is(second.cancel(), true);
  assert.is(second.cancel(), false);
  assert.instance(await rejection(second), CancelledError);
  assert.is(await first, "first");
  assert.is(await third, "third");
  assert.is(third.cancel(), false);
});

onBoth("work begins in the order in which it came", async (executor) => {
  const ends: number[] = [];
  const all = [0, 1, 2, 3, 4].map((index) => executor.submit((value: number) => value, index));
  await Promise.all(all.map((work) => work.then((value) => ends.push(value))));
  assert.equal(ends, [0, 1, 2, 3, 4]);
});

onBoth("a worker that dies fails its work alone, and is replaced", async (executor) => {
  const dying = executor.submit(() => process.exit(3));
  const next = executor.submit(() => "alive");
  const error = (await rejection(dying)) as RuntimeError;
  assert.is(error.code, "ERR_WORKER_DIED");
  assert.is(await next, "alive");
});

onBoth("a worker that dies while it has nothing to do is replaced, and keeps no shutdown waiting", async (executor) => {
  const dieSoon = (): number => {
    setTimeout(() => process.exit(3), 1);
    return process.pid;
  };
  for (let round = 0; round < 2; round++) {
    await executor.submit(dieSoon);
    await died(executor);
  }
  assert.is(await executor.submit(() => "alive"), "alive");
  await executor.submit(dieSoon);
  await died(executor);
});

onBoth("what a worker posts by itself is ignored", async (executor) => {
  const post = async (): Promise<string> => {
    const { parentPort } = await import("node:worker_threads");
    for (const junk of [null, undefined, 1, "text", {}, { id: 1 }, { id: 1, progress: 0.5 }]) {
      if (parentPort === null) process.send?.(junk ?? null);
      else parentPort.postMessage(junk);
    }
    return "posted";
  };
  assert.is(await executor.submit(post), "posted");
  assert.is(await executor.submit(() => 2), 2);
});

onBoth("shutdown waits for what is left, and takes no more", async (executor) => {
  const works = [1, 2, 3].map((value) => executor.submit((given: number) => given, value));
  const end = executor.shutdown();
  assert.is(thrownBy(() => executor.submit(() => 1)).code, "ERR_EXECUTOR_SHUTDOWN");
  const ended: number[] = [];
  for (const work of works) void work.then((value) => ended.push(value));
  await end;
  assert.equal(ended, [1, 2, 3]);
  await executor.shutdown();
});

for (const name of ["ThreadPoolExecutor", "ProcessPoolExecutor"]) {
  test(`shutdown keeps the program alive until workers that are slow to end have ended (${name})`, async () => {
    const index = new URL("../../../host/index.js", import.meta.url).href;
    const code = `import(${JSON.stringify(index)}).then(async ({ ${name} }) => {
      const executor = new ${name}({ maxWorkers: 1 });
      await executor.submit(() => { setTimeout(() => { for (;;); }, 1); });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      await executor.shutdown();
      console.log("ended");
    })`;
    const child = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "pipe", "inherit"] });
    let printed = "";
    child.stdout.on("data", (text) => {
      printed += text;
    });
    assert.equal(await once(child, "close"), [0, null]);
    assert.is(printed, "ended\n");
  });
}

onBoth("shutdown with cancelFutures takes back what has not begun", async (executor) => {
  const first = executor.submit(() => 1);
  const second = executor.submit(() => 2);
  const isThere = executor.shutdown({ wait: false, cancelFutures: true });
  await isThere;
  assert.is(await first, 1);
  assert.instance(await rejection(second), CancelledError);
});

onBoth("maxWorkers is how many work at a time", async (executor) => {
  const ids = await Promise.all(
    Array.from({ length: 6 }, () =>
      executor.submit(async () => (await import("node:worker_threads")).threadId + process.pid),
    ),
  );
  assert.is(new Set(ids).size, 1);
});

for (const Pool of [ThreadPoolExecutor, ProcessPoolExecutor]) {
  test(`an initializer is called once in each worker, before its work (${Pool.name})`, async () => {
    const counters = globalThis as { initialized?: number };
    void counters;
    await using(
      new Pool({
        maxWorkers: 1,
        initializer: () => {
          const known = globalThis as { initialized?: number };
          known.initialized = (known.initialized ?? 0) + 1;
        },
      }),
      async (executor) => {
        for (let round = 0; round < 2; round++) {
          assert.is(await executor.submit(() => (globalThis as { initialized?: number }).initialized), 1);
        }
      },
    );
    await using(
      new Pool({
        maxWorkers: 1,
        initializer: () => {
          throw new RangeError("no start");
        },
      }),
      async (executor) => {
        assert.instance(await rejection(executor.submit(() => 1)), RangeError);
        assert.match((await rejection(executor.submit(() => 1))).message, "no start");
      },
    );
  });
}

test("a buffer can be moved to a thread and back", async () => {
  await using(new ThreadPoolExecutor({ maxWorkers: 1 }), async (executor) => {
    const buffer = new ArrayBuffer(16);
    const work = executor.submit((given: ArrayBuffer) => given.byteLength, transfer(buffer, [buffer]));
    assert.is(buffer.byteLength, 0);
    assert.is(await work, 16);
  });
});

test("a process is sent nothing that its channel cannot carry, be it new or not", async () => {
  const module = new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
  await using(new ProcessPoolExecutor({ maxWorkers: 1 }), async (executor) => {
    for (let round = 0; round < 2; round++) {
      for (const argument of [new SharedArrayBuffer(8), [module]]) {
        const refused = thrownBy(() => executor.submit((_value: unknown) => 1, argument));
        assert.is(refused.code, "ERR_NOT_CLONEABLE");
      }
      assert.is(await executor.submit(() => 2), 2);
    }
    const buffer = new ArrayBuffer(8);
    assert.is(await executor.submit((given: ArrayBuffer) => given.byteLength, transfer(buffer, [buffer])), 8);
    assert.is(buffer.byteLength, 0);
  });
});

test("a process sends nothing back that its channel cannot carry", async () => {
  await using(new ProcessPoolExecutor({ maxWorkers: 1 }), async (executor) => {
    const results = [
      () => new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])),
      async () => new SharedArrayBuffer(8),
    ];
    for (const result of results) {
      const error = await rejection(executor.submit(result as () => unknown));
      assert.is(error.code, "ERR_RESULT_NOT_CLONEABLE");
    }
    assert.equal(await executor.submit(() => new Map([["k", [new Date(0)]]])), new Map([["k", [new Date(0)]]]));
  });
});

test("a worker that cannot be started fails its work, and the executor goes on", async () => {
  await using(new ProcessPoolExecutor({ maxWorkers: 1 }), async (executor) => {
    const { execPath } = process;
    process.execPath = "\0";
    const work = executor.submit(() => 1);
    process.execPath = execPath;
    assert.is((await rejection(work)).name, "TypeError");
    assert.is(await executor.submit(() => 2), 2);
  });
});

test("bad input is refused at the call", async () => {
  await using(new ThreadPoolExecutor({ maxWorkers: 1 }), async (executor) => {
    for (const func of [null, 1, {}, "x"]) {
      assert.is(thrownBy(() => executor.submit(func as never)).code, "ERR_NOT_CALLABLE");
    }
    const method = { method() {} }.method;
    for (const func of [Math.max, (() => {}).bind(null), class {}, function* () {}, method]) {
      assert.is(thrownBy(() => executor.submit(func as never)).code, "ERR_FUNCTION_NOT_SENDABLE");
    }
    const reasons: [func: unknown, why: RegExp][] = [
      [new Function("return function /* comment */ * () {}")(), /is a generator/],
      [{ *method() {} }.method, /is a generator/],
      [method, /is a method/],
      [() => import.meta.url, /'import.meta'/],
      [new Function("return function () { with ({}) {} }")(), /strict mode/],
    ];
    for (const [func, why] of reasons) {
      const refused = thrownBy(() => executor.submit(func as never));
      assert.is(refused.code, "ERR_FUNCTION_NOT_SENDABLE");
      assert.match(refused.message, why);
    }
    for (const options of [null, 1, { wait: 1 }, { cancelFutures: "x" }]) {
      assert.is(thrownBy(() => void executor.shutdown(options as never)).code, "ERR_INVALID_ARG_TYPE");
    }
    assert.is(thrownBy(() => void executor.shutdown({ wit: true } as never)).code, "ERR_UNKNOWN_OPTION");
  });
  for (const Pool of [ThreadPoolExecutor, ProcessPoolExecutor]) {
    for (const [options, code] of [
      [{ maxWorkers: 0 }, "ERR_BAD_WORKER_COUNT"],
      [{ maxWorkers: 1.5 }, "ERR_BAD_WORKER_COUNT"],
      [{ maxWorkers: Number.NaN }, "ERR_BAD_WORKER_COUNT"],
      [{ maxWorkers: "2" }, "ERR_NOT_A_NUMBER"],
      [{ maxWorker: 2 }, "ERR_UNKNOWN_OPTION"],
      [{ initializer: 1 }, "ERR_NOT_CALLABLE"],
      [null, "ERR_INVALID_ARG_TYPE"],
    ] as const) {
      assert.is(thrownBy(() => new Pool(options as never)).code, code);
    }
  }
  assert.is(thrownBy(() => workerFunction(1 as never, "x")).code, "ERR_INVALID_ARG_TYPE");
  assert.is(thrownBy(() => workerFunction(sums, 1 as never)).code, "ERR_INVALID_ARG_TYPE");
  assert.is(thrownBy(() => workerFunction("./sums.js", "x")).code, "ERR_INVALID_MODULE");
  assert.is(thrownBy(() => transfer(1, 1 as never)).code, "ERR_INVALID_ARG_TYPE");
});

/** What a program prints that comes on the command line, behind these flags. */
async function printedBy(program: string, ...flags: string[]): Promise<string> {
  const all = ["--no-warnings", ...flags, "--input-type=module", "-e", program];
  const child = spawn(process.execPath, all, { stdio: "pipe" });
  let printed = "";
  child.stdout.on("data", (data) => {
    printed += data;
  });
  await once(child, "close");
  return printed;
}

test("run in a program that came on the command line", async () => {
  const host = new URL("../../../host/index.js", import.meta.url);
  const program = `import { run, toThread } from "${host}"; console.log(await run(() => toThread((x) => x + 1, 1)));`;
  assert.is(await printedBy(program), "2\n");
});

test("processes import modules as the program does, by the flags that it was started with", async () => {
  const executors = new URL("../../../host/index.js", import.meta.url);
  const program = `import { ProcessPoolExecutor } from "${executors}";
    const executor = new ProcessPoolExecutor({ maxWorkers: 1 });
    console.log(globalThis.preloaded, await executor.submit(() => globalThis.preloaded), await executor.submit(() => process.execArgv.length));
    await executor.shutdown();`;
  const preload = "data:text/javascript,globalThis.preloaded=true";
  assert.is(await printedBy(program, "--import", preload, "--enable-source-maps"), "true true 3\n");
});

test("processes are refused to a single executable, which would run itself in their place", async () => {
  const { output } = await runProgram(`
    import { createRequire } from "node:module";
    createRequire(import.meta.url)("node:sea").isSea = () => true;
    const { ProcessPoolExecutor, ThreadPoolExecutor } = await import("host/index.js");
    try {
      new ProcessPoolExecutor();
    } catch (error) {
      console.log(error.name, error.code);
    }
    const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    console.log(await executor.submit(() => 1));
    await executor.shutdown();
  `);
  assert.is(output, "UnsupportedError ERR_SINGLE_EXECUTABLE\n1");
});

test.run();

/** Waits until the pool has noticed that its only worker has died. */
async function died(executor: PoolExecutor): Promise<void> {
  while (executor._workerCount > 0) await new Promise((resolve) => setImmediate(resolve));
}

/** Shuts an executor down when the body has ended. */
async function using(executor: PoolExecutor, body: (executor: PoolExecutor) => Promise<void>): Promise<void> {
  try {
    await body(executor);
  } finally {
    await executor.shutdown();
  }
}
