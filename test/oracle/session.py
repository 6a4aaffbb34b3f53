"""Runs one scheduling program on CPython's asyncio and records what happened.

Owns the meaning of every instruction on the Python side; README.md lists the instructions. interpreter.ts is its twin: an
instruction that changes here changes there.

Does not own locks and their kin (things.py), task groups and time limits (blocks.py), the clock (virtual_loop.py), inventing programs (programs.py, written.py) or files (oracle.py).
"""

import asyncio
import contextlib

from blocks import Blocks
from things import Things
from virtual_loop import Unsuitable, VirtualLoop
from words import Boom, describe, show, state_of

TICKS_PER_SECOND = 1024
STEPS_MAX = 600


class BadYield:
    """Awaiting this yields a number to the task, which only accepts futures and None."""

    def __await__(self):
        yield 5


# What programs raise, or calls in them.
ERRORS = (Boom, asyncio.CancelledError, RuntimeError, ValueError, asyncio.InvalidStateError, asyncio.QueueEmpty,
          asyncio.QueueFull, KeyboardInterrupt, ExceptionGroup, TimeoutError)


class Session(Things, Blocks):
    """One program on one loop."""

    def __init__(self, program, loop_class=VirtualLoop):
        Things.__init__(self)
        Blocks.__init__(self)
        self.program = program
        self.loop = loop_class()
        self.loop.set_exception_handler(self.handle_error)
        if program.get("eager"):
            self.loop.start_tasks_at_once()
        self.handles, self.futures, self.functions = {}, {}, {}
        self.waits, self.gathered, self.names = {}, {}, {}
        self.trace = []
        self.steps = 0
        self.over = False
        self.unsuitable = None

    # The run

    def run(self):
        """Returns the trace. Raises Unsuitable."""
        try:
            for phase in self.program["phases"]:
                self.sync(phase["setup"])
                self.run_phase(phase)
            self.record_end()
        finally:
            self.over = True
            self.close()
        deadlines = self.loop.deadlines
        if len(set(deadlines)) < len(deadlines):
            raise Unsuitable("two deadlines are equal")
        if self.unsuitable:
            raise Unsuitable(self.unsuitable)
        return self.trace

    def run_phase(self, phase):
        future = self.futures.get(phase.get("until"))
        try:
            if future is None:
                self.event("runForever")
                self.loop.run_forever()
                self.event("stopped")
            else:
                self.event(f"runUntilComplete {phase['until']}")
                self.event(f"completed {show(self.loop.run_until_complete(future))}")
        except ERRORS as error:
            self.event(f"failed {describe(error)}")

    def record_end(self):
        cancelled = [label for label, handle in self.handles.items() if handle.cancelled()]
        self.event(" ".join(["end cancelled", *cancelled]))
        for label, future in self.futures.items():
            counts = f", cancelling {future.cancelling()}" if label[0] == "t" else ""
            self.event(f"end {label} {state_of(future)}{counts}")
        self.record_things()

    def close(self):
        for future in self.futures.values():
            if future.done() and not future.cancelled():
                future.exception()
            elif hasattr(future, "_log_destroy_pending"):
                future._log_destroy_pending = False
                # Who waits for a queue cleans up on a loop that is still open.
                if future.get_coro() is not None:
                    # A task group goes on waiting for its tasks.
                    with contextlib.suppress(RuntimeError, BaseExceptionGroup):
                        future.get_coro().close()
        self.loop.close()

    def event(self, text):
        ticks = self.loop.time() * TICKS_PER_SECOND
        assert ticks == int(ticks)
        if not self.over:
            self.trace.append(f"{int(ticks)} {text}")

    def handle_error(self, loop, context):
        error = context.get("exception")
        if isinstance(error, (RecursionError, AssertionError, TypeError, KeyError)):
            self.unsuitable = repr(error)
        if context["message"].startswith("Exception in callback"):
            self.event(f"exception in callback {describe(error)}")

    def may_step(self):
        self.steps += 1
        if self.steps > STEPS_MAX:
            self.unsuitable = "too many steps"
        return not self.over and self.steps <= STEPS_MAX

    # Callbacks

    def run_callback(self, label, body):
        self.event(f"run {label}")
        self.sync(body)

    def function(self, label):
        def call(future):
            self.event(f"{label} gets {self.names[id(future)]} {state_of(future)}")
            self.sync(self.program["functions"][label])
        return self.functions.setdefault(label, call)

    def sync(self, body):
        for name, *args in body:
            if self.may_step():
                getattr(self, "do_" + name)(*args)

    def attempt(self, label, action):
        try:
            self.event(f"{label} -> {show(action())}")
        except ERRORS as error:
            self.event(f"{label} throws {describe(error)}")

    def named(self, label, future):
        self.futures[label] = future
        # The shield of a future that is done is that future.
        self.names.setdefault(id(future), label)

    def do_soon(self, label, body):
        self.handles[label] = self.loop.call_soon(self.run_callback, label, body)

    def do_later(self, label, ticks, body):
        self.handles[label] = self.loop.call_later(ticks / TICKS_PER_SECOND, self.run_callback, label, body)

    def do_at(self, label, ticks, body):
        self.handles[label] = self.loop.call_at(ticks / TICKS_PER_SECOND, self.run_callback, label, body)

    def do_drop(self, label):
        if handle := self.handles.get(label):
            before = handle.cancelled()
            handle.cancel()
            self.event(f"{label} cancelled {show(before)} -> {show(handle.cancelled())}")

    def do_when(self, label):
        handle = self.handles.get(label)
        if isinstance(handle, asyncio.TimerHandle):
            self.event(f"{label} when {int(handle.when() * TICKS_PER_SECOND)}")

    def do_stop(self):
        self.event("stop")
        self.loop.stop()

    def do_future(self, label):
        self.named(label, self.loop.create_future())

    def do_task(self, label, body):
        self.named(label, self.loop.create_task(self.coroutine(label, body)))

    def do_gather(self, label, inner, return_exceptions):
        made = [each for each in inner.split() if each in self.futures]
        if made:
            children = [self.futures[each] for each in made]
            self.gathered[label] = made
            self.named(label, asyncio.gather(*children, return_exceptions=return_exceptions))

    def do_shield(self, label, inner):
        if future := self.futures.get(inner):
            self.named(label, asyncio.shield(future))

    def do_set(self, label, value):
        if future := self.futures.get(label):
            self.attempt(f"{label}.setResult({value})", lambda: future.set_result(value))

    def do_fail(self, label, message):
        if future := self.futures.get(label):
            self.attempt(f"{label}.setException({message})", lambda: future.set_exception(Boom(message)))

    def do_cancel(self, label, message=None):
        if future := self.futures.get(label):
            self.attempt(f"{label}.cancel({message or ''})", lambda: future.cancel(message))

    def do_add(self, label, function):
        if future := self.futures.get(label):
            future.add_done_callback(self.function(function))

    def do_remove(self, label, function):
        if future := self.futures.get(label):
            self.attempt(f"{label}.removeDoneCallback({function})",
                         lambda: future.remove_done_callback(self.function(function)))

    def do_state(self, label):
        if future := self.futures.get(label):
            self.event(f"{label} is {state_of(future)}, done {show(future.done())}, cancelled {show(future.cancelled())}")

    def do_result(self, label):
        if future := self.futures.get(label):
            self.attempt(f"{label}.result()", future.result)

    def do_exception(self, label):
        if future := self.futures.get(label):
            self.attempt(f"{label}.exception()", future.exception)

    def do_cancelling(self, label):
        if task := self.futures.get(label):
            self.event(f"{label}.cancelling() -> {task.cancelling()}")

    def do_uncancel(self, label):
        if task := self.futures.get(label):
            self.event(f"{label}.uncancel() -> {task.uncancel()}")

    def do_current(self):
        task = asyncio.current_task(self.loop)
        self.event(f"current {self.names.get(id(task), 'none')}")

    def do_raise(self, message):
        raise Boom(message)

    def do_throwCancelled(self, message=None):
        raise asyncio.CancelledError(*([message] if message else []))

    def do_interrupt(self):
        self.event("interrupt")
        raise KeyboardInterrupt

    # Coroutines

    async def coroutine(self, label, body):
        self.event(f"{label} starts")
        returned = await self.steps_of(label, body)
        value = returned[0] if returned else None
        self.event(f"{label} returns {show(value)}")
        return value

    async def steps_of(self, me, body):
        """Returns a list of the returned value when the body returned, None when it came to its end."""
        for name, *args in body:
            if not self.may_step():
                continue
            if name == "return":
                return [args[0]]
            if step := getattr(self, "step_" + name, None):
                returned = await step(me, *args)
                if returned:
                    return returned
            else:
                getattr(self, "do_" + name)(*args)

    async def step_sleep(self, me, ticks, value):
        self.event(f"{me} slept {show(await asyncio.sleep(ticks / TICKS_PER_SECOND, value))}")

    async def step_yield(self, me):
        await asyncio.sleep(0)
        self.event(f"{me} goes on")

    async def step_await(self, me, label):
        future = self.futures.get(label)
        if future is None:
            return
        if future._asyncio_future_blocking and not future.done():
            # CPython forgets to take back what a task marks when it awaits itself, so others cannot await it any more.
            self.reject("a task awaits one that awaited itself")
        self.waits[me] = label
        self.check_circle(me)
        try:
            value = await future
        finally:
            self.waits.pop(me, None)
        self.event(f"{me} got {label} {show(value)}")

    def check_circle(self, me):
        waited_for, seen = [self.waits[me]], set()
        while waited_for:
            label = waited_for.pop()
            if label == me and self.waits[me] != me:
                self.reject("tasks wait for each other in a circle")
            if label not in seen:
                seen.add(label)
                waited_for += [self.waits[label]] if label in self.waits else self.gathered.get(label, [])

    def reject(self, why):
        self.unsuitable = why
        raise Unsuitable(why)

    async def step_badYield(self, me):
        await BadYield()

    async def step_call(self, me, body):
        returned = await self.steps_of(me, body)
        self.event(f"{me} called and got {show(returned[0] if returned else None)}")

    async def step_try(self, me, body, kind, handler, then, final):
        try:
            return await self.steps_of(me, body)
        except (asyncio.CancelledError, Exception) as error:
            cancelled = isinstance(error, asyncio.CancelledError)
            if kind != "any" and cancelled != (kind == "cancel"):
                raise
            self.event(f"{me} caught {describe(error)}")
            returned = await self.steps_of(me, handler)
            if returned or then == "swallow":
                return returned
            raise
        finally:
            if not self.over and final:
                self.event(f"{me} cleans up")
                await self.steps_of(me, final)
