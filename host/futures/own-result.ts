/**
 * Futures that calls return and settle themselves.
 *
 * Owns: that nobody else gives them a result: it would say that something has happened which has not.
 */
import { RuntimeError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import { Future } from "./future.js";

/** A future whose result is the business of the call that made it. Others can cancel it. */
export class OwnResult<T> extends Future<T> {
  /** @throws RuntimeError `ERR_OWN_RESULT`: cancel it instead */
  override setResult(_value: T): never {
    throw refusal();
  }

  /** @throws RuntimeError `ERR_OWN_RESULT`: cancel it instead */
  override setException(_exception: Error | (new () => Error)): never {
    throw refusal();
  }

  /** @internal */
  _succeed(value: T): void {
    super.setResult(value);
  }

  /** @internal */
  _failWith(error: Error): void {
    super.setException(error);
  }
}

/** One that says in texts which call it is of. */
class CallResult<T> extends OwnResult<T> {
  readonly #call: string;

  constructor(loop: EventLoop, call: string) {
    super(loop, loop._scheduler);
    this.#call = call;
  }

  override get _kind(): string {
    return this.#call;
  }
}

/** Makes one that waits to be told. @param call what texts call it, such as `Server.waitClosed`; null for what its class is called */
export function ownResult<T>(loop: EventLoop, call: string | null = null): OwnResult<T> {
  return call === null ? new OwnResult<T>(loop, loop._scheduler) : new CallResult<T>(loop, call);
}

/** Settles one that may have been cancelled meanwhile. */
export function settleUnlessDone<T>(future: OwnResult<T>, value: T): void {
  if (!future.done()) future._succeed(value);
}

function refusal(): RuntimeError {
  const hint = "cancel() it to end the work, and use loop.createFuture() for a future that you settle";
  return new RuntimeError("ERR_OWN_RESULT", `the result of this future comes from work that goes on: ${hint}`);
}
