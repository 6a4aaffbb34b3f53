import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CancelledError } from "../../../host/errors.js";
import { Operation, type Work } from "../../../host/futures/operation.js";
import type { Task } from "../../../host/futures/task.js";
import { allTasks } from "../../../host/loop/tasks.js";
import { waitFor } from "../../../host/loop/wait.js";
import { leakChecked } from "../../support/leaks.js";
import { iteration, onLoop, rejectionOf } from "../net/support.js";

const test = leakChecked(suite("Operation"));

test(
  "works at once, up to its first wait",
  onLoop(async ({ loop }) => {
    const steps: string[] = [];
    const waited = loop.createFuture<number>();
    const operation = new Operation(
      loop,
      (function* (): Work<number> {
        steps.push("begun");
        const value: number = yield* waited;
        steps.push("resumed");
        return value + 1;
      })(),
    );
    assert.equal(steps, ["begun"]);
    assert.not(operation.done());
    assert.is(allTasks(loop).size, 1);
    waited.setResult(4);
    assert.is(await operation, 5);
  }),
);

test(
  "is done at once when there is nothing to wait for",
  onLoop(async ({ loop }) => {
    const done = loop.createFuture<number>();
    done.setResult(4);
    const operation = new Operation(
      loop,
      (function* (): Work<number> {
        return yield* done;
      })(),
    );
    assert.is(operation.result(), 4);
  }),
);

test(
  "a bare yield takes one iteration",
  onLoop(async ({ loop }) => {
    const operation = new Operation(
      loop,
      (function* (): Work<string> {
        yield;
        return "next";
      })(),
    );
    assert.not(operation.done());
    await iteration(loop);
    assert.ok(operation.done());
  }),
);

test(
  "fails with what its work throws, made an error if it is none",
  onLoop(async ({ loop }) => {
    const wrong = new Error("wrong");
    for (const thrown of [wrong, "a word"]) {
      const operation = new Operation(
        loop,
        (function* (): Work<void> {
          yield;
          throw thrown;
        })(),
      );
      const error = await rejectionOf(operation);
      if (thrown === wrong) assert.is(error, wrong);
      else assert.is(error.message, "a word");
    }
  }),
);

test(
  "fails with the exception of what it waits for, unless the work catches it",
  onLoop(async ({ loop }) => {
    const waited = loop.createFuture<number>();
    const operation = new Operation(
      loop,
      (function* (): Work<string> {
        try {
          yield* waited;
          return "not reached";
        } catch (error) {
          return (error as Error).message;
        }
      })(),
    );
    waited.setException(new Error("caught"));
    assert.is(await operation, "caught");
  }),
);

test(
  "cancelling cancels what it waits for, and lets the work clean up before it returns",
  onLoop(async ({ loop }) => {
    const steps: string[] = [];
    const waited = loop.createFuture<void>();
    const operation = new Operation(
      loop,
      (function* (): Work<void> {
        try {
          yield* waited;
        } catch (error) {
          steps.push(error instanceof CancelledError ? "cancelled" : "failed");
          throw error;
        } finally {
          steps.push("cleaned up");
        }
      })(),
    );
    assert.ok(operation.cancel("why"));
    assert.equal(steps, ["cancelled", "cleaned up"]);
    assert.ok(waited.cancelled());
    assert.is((await rejectionOf(operation)).message, "why");
    assert.not(operation.cancel());
  }),
);

test(
  "may be cancelled by its own work",
  onLoop(async ({ loop }) => {
    let cleaned = false;
    const begin = loop.createFuture<void>();
    const self: { operation?: Operation<void> } = {};
    const operation = new Operation(
      loop,
      (function* (): Work<void> {
        yield* begin;
        self.operation?.cancel();
        try {
          yield;
        } finally {
          cleaned = true;
        }
      })(),
    );
    self.operation = operation;
    begin.setResult(undefined);
    await rejectionOf(operation);
    assert.ok(operation.cancelled());
    assert.ok(cleaned);
  }),
);

test(
  "gives back what nobody gets, and never what somebody has, whoever is cancelled then",
  onLoop(async ({ loop }) => {
    const made = (): { operation: Operation<string>; given: string[] } => {
      const given: string[] = [];
      const work = (function* (): Work<string> {
        yield;
        return "opened";
      })();
      return { operation: new Operation(loop, work, (value) => given.push(value)), given };
    };
    const cancelledAt = async (awaited: PromiseLike<unknown>): Promise<void> => {
      const task: Task<void> = loop.createTask(async () => {
        task.cancel();
        await awaited;
      });
      assert.instance(await rejectionOf(task), CancelledError);
    };
    const users: ((operation: Operation<string>) => unknown)[] = [
      (operation) => operation,
      (operation) => operation.result(),
      (operation) => waitFor(operation, 1),
      (operation) => loop.createTask(() => operation),
    ];
    for (const use of users) {
      const { operation, given } = made();
      await iteration(loop);
      assert.is(await use(operation), "opened");
      await cancelledAt(operation);
      await cancelledAt(waitFor(operation, 1));
      assert.equal(given, []);
    }
    const { operation, given } = made();
    await iteration(loop);
    await cancelledAt(operation);
    assert.equal(given, ["opened"]);
  }),
);

test(
  "an exception that comes too late is nobody's",
  onLoop(async ({ loop }) => {
    const waited = loop.createFuture<void>();
    const operation = new Operation(
      loop,
      (function* (): Work<void> {
        yield* waited;
      })(),
    );
    waited.setException(new Error("too late"));
    operation.cancel();
    await iteration(loop);
    await iteration(loop);
    // Looking at an exception is what keeps it from being reported when the future is lost.
    assert.ok(waited._retrieved);
  }),
);

test.run();
