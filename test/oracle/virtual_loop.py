"""asyncio on a virtual clock.

Owns the clock and the selector: a select that would sleep moves the time forward instead.

Everything that decides the order of events is asyncio's own code: CPython 3.13, base_events.py, futures.py, tasks.py.
"""

import asyncio
from asyncio import futures, tasks


class Unsuitable(Exception):
    """The program says nothing about asyncio: it never ends, has equal deadlines, or waits for itself in a circle."""


class VirtualLoop(asyncio.BaseEventLoop):
    """asyncio's loop with a clock that jumps: a select that would sleep moves the time forward instead."""

    def __init__(self):
        super().__init__()
        self._selector = self
        self._now = 0.0
        self.deadlines = []

    def time(self):
        return self._now

    def select(self, timeout):
        if timeout is None:
            raise Unsuitable("nothing is scheduled any more, so the loop would wait for ever")
        self._now += timeout
        return []

    def call_at(self, when, callback, *args, context=None):
        self.deadlines.append(when)
        return super().call_at(when, callback, *args, context=context)

    def start_tasks_at_once(self):
        """Has tasks take their first step when they are made."""
        self.set_task_factory(asyncio.eager_task_factory)

    def _process_events(self, event_list):
        pass

    def _write_to_self(self):
        pass


class PureLoop(VirtualLoop):
    """The same with asyncio's futures and tasks in Python instead of their C twins: both must give the same trace."""

    def __init__(self):
        super().__init__()
        self.set_task_factory(lambda loop, coro: tasks._PyTask(coro, loop=loop))

    def start_tasks_at_once(self):
        self.set_task_factory(asyncio.create_eager_task_factory(tasks._PyTask))

    def create_future(self):
        return futures._PyFuture(loop=self)
