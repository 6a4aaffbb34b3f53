/** Values of another realm, such as Node's own under jest: their classes are not ours, and they are the same things all the same. */
import { createContext, runInContext } from "node:vm";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type EventLoop, getRunningLoop, run, StreamReader } from "../../host/index.js";
import { VirtualEventLoop } from "../../host/testing.js";
import { leakChecked } from "../support/leaks.js";

const realm = createContext();
const foreign = <T>(source: string): T => runInContext(source, realm) as T;
const loopFactory = (): EventLoop => new VirtualEventLoop();

const test = leakChecked(suite("other realms"));

test("errors are errors of futures and readers", () =>
  run(
    async () => {
      const error = foreign<Error>("new RangeError('far away')");
      assert.not.instance(error, Error);
      const future = getRunningLoop().createFuture();
      future.setException(error);
      assert.is(await future.catch((thrown: unknown) => thrown), error);
      const reader = new StreamReader();
      reader.setException(error);
      assert.is(await reader.read().catch((thrown: unknown) => thrown), error);
    },
    { loopFactory },
  ));

test("errors that are thrown come as they are", () =>
  run(
    async () => {
      const body = foreign<() => Promise<void>>("(async () => { throw new RangeError('far away'); })");
      const thrown = await getRunningLoop()
        .createTask(body)
        .catch((error: unknown) => error);
      assert.is((thrown as Error).message, "far away");
      assert.is(
        await getRunningLoop().createTask(foreign<() => Generator<never, number>>("(function* () { return 5; })")),
        5,
      );
    },
    { loopFactory },
  ));

test("bytes are the path of a Unix socket", () =>
  run(async () => {
    const loop = getRunningLoop();
    const path = foreign<(text: string) => Uint8Array>("(text) => Uint8Array.from(text, (c) => c.charCodeAt(0))");
    const name = path(`\0wasyncio-realms-${process.pid}`);
    assert.not.instance(name, Uint8Array);
    const received = loop.createFuture<string>();
    const receiving = { datagramReceived: (data: Buffer): void => received.setResult(`${data}`) };
    const [receiver] = await loop.createDatagramEndpoint(() => receiving, name);
    const [sender] = await loop.createDatagramEndpoint(() => ({}), null, name);
    sender.sendto(foreign("Uint8Array.of(104, 105)"));
    assert.is(await received, "hi");
    sender.close();
    receiver.close();
  }));

test.run();
