"""What coroutines wait for, and coroutines. The core knows who waits for whom; values and errors stay here."""

PENDING, CANCELLED, FINISHED = 0, 1, 2  # FutureState
CANCEL = 1  # ResumeHow
YIELDED, RETURNED, RAISED, ENDED_BY_CANCELLATION = 0, -1, -2, -3  # Answer


class Cancelled(Exception):
    """Thrown into a coroutine where it waits."""


class Future:
    """`result = yield from future` waits for it in a coroutine."""

    def __init__(self, core, id):
        self.core, self.id = core, id
        self.state, self.result, self.error = PENDING, None, None

    def settle(self, state, result=None):
        if self.state != PENDING:
            return False
        self.core.settle(self.id, state)
        self.state, self.result = state, result
        return True

    def cancel(self):
        return self.settle(CANCELLED)

    def __iter__(self):
        if self.state == PENDING:
            yield self
        if self.state == CANCELLED:
            raise Cancelled
        if self.error:
            raise self.error
        return self.result


class Task(Future):
    """Runs a generator, which yields the futures that it waits for, or None to give up its turn."""

    def __init__(self, core, id, generator):
        super().__init__(core, id)
        self.generator, self.waits_for = generator, None

    def step(self, how):
        try:
            self.waits_for = self.generator.throw(Cancelled()) if how == CANCEL else next(self.generator)
        except StopIteration as stop:
            self.result = stop.value
            return RETURNED
        except Cancelled:
            return ENDED_BY_CANCELLATION
        except Exception as error:
            self.error = error
            return RAISED
        return self.waits_for.id if self.waits_for else YIELDED

    def cancel(self):
        return self.state == PENDING and self.core.cancelTask(self.id) >= 0
