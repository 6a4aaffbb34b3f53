"""Locks, events, semaphores and queues in a program, on CPython's asyncio.

Owns the meaning of the instructions that are about them; things.ts is its twin. And what makes a program unsuitable: one that looks at, or acts
on, a thing while somebody has been woken and has not gone on yet. To asyncio the lock, the item or the room is free for that time, to wasyncio it
is his already; README.md says more of it.

Does not own the rest of a program (session.py, which this is a part of).
"""

import asyncio
import types
from collections import Counter

from words import show


def someone_waits(waiters):
    """Whether anyone is in asyncio's queue who is not cancelled: woken, or still waiting."""
    return any(not waiter.cancelled() for waiter in waiters or ())


class Things:
    """What a Session does with them."""

    def __init__(self):
        self.things = {}
        # How many tasks are in a get or a put of a queue.
        self.inside = Counter()

    # What both sides define alike

    def check_release(self, thing):
        first = next(iter(thing._waiters or ()), None)
        if isinstance(thing, asyncio.Lock) and first is not None and first.done():
            self.reject("a lock is released while its first waiter has been woken or cancelled")

    def check_turns(self, thing):
        is_free = not thing._locked if isinstance(thing, asyncio.Lock) else thing._value > 0
        if is_free and someone_waits(thing._waiters):
            self.reject("somebody was woken and has not taken the lock or semaphore yet")

    def woken(self, label, what):
        queue = self.things[label]
        return self.inside[label, what] - len(queue._getters if what == "get" else queue._putters)

    def check_queue(self, label, is_looking=True):
        if self.woken(label, "put"):
            self.reject("somebody was woken and has not used the room of the queue yet")
        if self.woken(label, "get") and (is_looking or self.things[label].full()):
            self.reject("somebody was woken and has not taken the item yet")

    # In callbacks and coroutines

    def do_lock(self, label):
        self.things[label] = asyncio.Lock()

    def do_event(self, label):
        self.things[label] = asyncio.Event()

    def do_semaphore(self, label, value, is_bounded):
        self.things[label] = (asyncio.BoundedSemaphore if is_bounded else asyncio.Semaphore)(value)

    def do_queue(self, label, maxsize):
        self.things[label] = asyncio.Queue(maxsize)

    def do_release(self, label):
        self.check_release(self.things[label])
        self.attempt(f"{label}.release()", self.things[label].release)

    def do_setEvent(self, label):
        self.attempt(f"{label}.set()", self.things[label].set)

    def do_clearEvent(self, label):
        self.attempt(f"{label}.clear()", self.things[label].clear)

    def do_putNowait(self, label, item):
        self.check_queue(label, is_looking=False)
        self.attempt(f"{label}.putNowait({item})", lambda: self.things[label].put_nowait(item))

    def do_getNowait(self, label):
        self.check_queue(label)
        self.attempt(f"{label}.getNowait()", self.things[label].get_nowait)

    def do_taskDone(self, label):
        self.check_queue(label, is_looking=False)
        self.attempt(f"{label}.taskDone()", self.things[label].task_done)

    def do_tell(self, label):
        self.event(f"{label} is {self.told(label)}")

    def told(self, label):
        thing = self.things[label]
        if isinstance(thing, asyncio.Event):
            return f"set {show(thing.is_set())}"
        if isinstance(thing, asyncio.Queue):
            self.check_queue(label)
            return f"of {thing.qsize()}, empty {show(thing.empty())}, full {show(thing.full())}"
        self.check_turns(thing)
        return f"locked {show(thing.locked())}"

    def record_things(self):
        for label in self.things:
            self.event(f"end {label} {self.told(label)}")

    # In coroutines

    async def step_acquire(self, me, label):
        thing = self.things[label]
        if isinstance(thing, asyncio.Semaphore):
            self.check_turns(thing)
        try:
            value = await thing.acquire()
        except asyncio.CancelledError:
            # asyncio wakes the next one, but not one behind another who is cancelled as well.
            if isinstance(thing, asyncio.Lock) and not thing.locked() and not self.over:
                first = next(iter(thing._waiters or ()), None)
                if first is not None and first.cancelled():
                    self.reject("two who wait for a lock are cancelled at once")
            raise
        self.event(f"{me} acquired {label} {show(value)}")

    async def step_hold(self, me, label, body):
        await self.step_acquire(me, label)
        try:
            return await self.steps_of(me, body)
        finally:
            if not self.over:
                self.do_release(label)

    async def step_waitEvent(self, me, label):
        self.event(f"{me} saw {label} {show(await self.things[label].wait())}")

    async def step_put(self, me, label, item):
        self.check_queue(label, is_looking=False)
        await self.within(label, "put", self.things[label].put(item))
        self.event(f"{me} put {item} into {label}")

    async def step_get(self, me, label):
        self.check_queue(label)
        item = await self.within(label, "get", self.things[label].get())
        self.event(f"{me} got {item} from {label}")

    async def step_join(self, me, label):
        self.check_queue(label, is_looking=False)
        await self.things[label].join()
        self.event(f"{me} joined {label}")

    @types.coroutine
    def within(self, label, what, coroutine):
        """Awaits a get or a put, and knows of it; looks who else has been woken before a cancellation makes asyncio wake the next one."""
        self.inside[label, what] += 1
        try:
            awaited = coroutine.send(None)
            while True:
                try:
                    yield awaited
                except asyncio.CancelledError as error:
                    if what == "get" and self.woken(label, what) > 1:
                        self.reject("one of several who were woken is cancelled before he takes his item")
                    awaited = coroutine.throw(error)
                else:
                    awaited = coroutine.send(None)
        except StopIteration as end:
            return end.value
        finally:
            self.inside[label, what] -= 1
