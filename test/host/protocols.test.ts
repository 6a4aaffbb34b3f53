import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Transport } from "../../host/net/transport.js";
import { BufferedProtocol, isBuffered, Protocol } from "../../host/protocols.js";
import { thrownBy } from "../support/sockets.js";

const test = suite("protocols");

test("may be classes that implement or extend, and object literals, with any of the methods", () => {
  class Implementing implements Protocol {
    dataReceived(_data: Buffer): void {}
  }
  class Extending extends Protocol {
    override connectionMade(_transport: Transport): void {}
    override eofReceived(): boolean {
      return true;
    }
  }
  const literal: Protocol = { connectionLost(_error: Error | null) {} };
  for (const protocol of [new Implementing(), new Extending(), literal, {}]) assert.not(isBuffered(protocol));
});

test("the base class has no methods, so that only those are called that a user wrote", () => {
  const protocol = new Protocol();
  assert.is(protocol.dataReceived, undefined);
  assert.is(protocol.connectionMade, undefined);
});

test("a protocol with getBuffer is a buffered one", () => {
  assert.ok(isBuffered(new BufferedProtocol()));
  assert.ok(isBuffered({ getBuffer: () => new Uint8Array(1), bufferUpdated() {} }));
  assert.match(thrownBy(() => new BufferedProtocol().getBuffer(-1)).message, "must have getBuffer()");
  assert.is(new BufferedProtocol().bufferUpdated(1), undefined);
});

test.run();
