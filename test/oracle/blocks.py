"""Task groups and time limits in a program, on CPython's asyncio.

Owns the meaning of the instructions that are about them; blocks.ts is its twin.

Does not own the rest of a program (session.py, which this is a part of).
"""

import asyncio

from words import describe, show

TICKS_PER_SECOND = 1024


class InOrder(dict):
    """A set that keeps its order: asyncio cancels the tasks of a group in that of a set, which differs from run to run."""

    def add(self, task):
        self[task] = True

    def discard(self, task):
        self.pop(task, None)


class Blocks:
    """What a Session does with them."""

    def __init__(self):
        self.task_groups, self.limits = {}, {}

    # In callbacks and coroutines

    def do_member(self, group, label, body):
        if group not in self.task_groups:
            return
        coroutine = self.coroutine(label, body)
        try:
            self.named(label, self.task_groups[group].create_task(coroutine))
        except RuntimeError as error:
            self.event(f"{group}.createTask({label}) throws {describe(error)}")

    def do_reschedule(self, label, ticks):
        if limit := self.limits.get(label):
            when = None if ticks is None else self.loop.time() + ticks / TICKS_PER_SECOND
            self.attempt(f"{label}.reschedule({show(ticks)})", lambda: limit.reschedule(when))

    def do_expired(self, label):
        if limit := self.limits.get(label):
            self.event(f"{label}.expired() -> {show(limit.expired())}")

    # In coroutines

    async def step_group(self, me, label, body):
        async with asyncio.TaskGroup() as group:
            group._tasks = InOrder()
            self.task_groups[label] = group
            returned = await self.steps_of(me, body)
        self.event(f"{me} is through {label}")
        return returned

    async def step_limit(self, me, label, ticks, body):
        async with asyncio.timeout(None if ticks is None else ticks / TICKS_PER_SECOND) as limit:
            self.limits[label] = limit
            returned = await self.steps_of(me, body)
        self.event(f"{me} is through {label}")
        return returned
