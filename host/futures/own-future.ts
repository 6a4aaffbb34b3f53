/**
 * Futures whose result comes from work of their own: an operation, a call on a socket.
 *
 * Owns: that nobody else gives them a result. It would take the place of what the work opens, which nobody would close then.
 *
 * Does not own: the work. Cancelling is how others end it.
 */
import { RuntimeError } from "../errors.js";
import { Future } from "./future.js";

export class OwnFuture<T> extends Future<T> {
  /** @throws RuntimeError `ERR_OWN_RESULT`: cancel it instead */
  override setResult(_value: T): never {
    throw refusal();
  }

  /** @throws RuntimeError `ERR_OWN_RESULT`: cancel it instead */
  override setException(_exception: Error | (new () => Error)): never {
    throw refusal();
  }

  /** @internal */
  protected _succeed(value: T): void {
    super.setResult(value);
  }

  /** @internal */
  protected _failWith(error: Error): void {
    super.setException(error);
  }
}

function refusal(): RuntimeError {
  const hint = "cancel() it to end the work, and use loop.createFuture() for a future that you settle";
  return new RuntimeError("ERR_OWN_RESULT", `the result of this future comes from work that goes on: ${hint}`);
}
