"""A core, what its ids stand for, and its imports, from `now` on.

The numbers are those of assembly/abi.ts; assembly/host.ts says what each import must do.
"""

import errno
import math
import selectors
import struct
import time
from functools import partial
from types import SimpleNamespace

from futures import FINISHED, Future, Task
from wasmtime import Engine, Func, Instance, Module, Store

ABI_VERSION = 5
EVENT_CAPACITY = 1024
FD_READY = 1  # EventKind
OK, RAISED = 0, 1  # Outcome
CALLBACK_RAISED = 1  # Report


class Loop:
    def __init__(self, file):
        store = Store(Engine())
        module = Module.from_file(store.engine, file)
        imports = [Func(store, entry.type, getattr(self, entry.name)) for entry in module.imports]
        exports = Instance(store, module, imports).exports(store)
        functions = {name: partial(value, store) for name, value in exports.items() if isinstance(value, Func)}
        self.core = SimpleNamespace(**functions)
        if self.core.abiVersion() != ABI_VERSION:
            raise RuntimeError(f"{file} speaks version {self.core.abiVersion()}, and this host {ABI_VERSION}")
        self.core.init(time.get_clock_info("monotonic").resolution)
        # The address stays. Where that is in this process does not, so write() finds out each time.
        self.write_events = partial(exports["memory"].write, store, start=self.core.eventBuffer())
        self.selector = selectors.DefaultSelector()
        self.callbacks, self.watches, self.tasks, self.raised = {}, {}, {}, None

    def call_soon(self, callback, *args):
        return self.enter(self.core.callSoon(), callback, args)

    def call_later(self, seconds, callback, *args):
        return self.enter(self.core.callAt(time.monotonic() + seconds), callback, args)

    def when_done(self, future, callback, *args):
        return self.enter(self.core.addCallback(future.id), callback, args)

    def enter(self, id, callback, args):
        self.callbacks[checked(id)] = partial(callback, *args)
        return id

    def cancel(self, id):
        if self.core.cancel(id) == 1:
            del self.callbacks[id]

    def add_reader(self, fd, callback):
        replaced = self.core.readerOf(fd)
        self.watches[checked(self.core.addReader(fd))] = callback
        self.watches.pop(replaced, None)

    def remove_reader(self, fd):
        self.watches.pop(self.core.removeReader(fd), None)

    def future(self):
        return Future(self.core, checked(self.core.createFuture()))

    def task(self, generator):
        task = Task(self.core, checked(self.core.createTask()), generator)
        self.tasks[task.id] = task
        return task

    def sleep(self, seconds):
        future = self.future()
        timer = self.call_later(seconds, future.settle, FINISHED)
        try:
            yield from future
        finally:
            self.cancel(timer)

    def now(self):
        return time.monotonic()

    def select(self, timeout):
        ready = self.selector.select(None if timeout == math.inf else timeout)[:EVENT_CAPACITY]
        # The bits of `selectors` are those of Readiness.
        self.write_events(b"".join(struct.pack("<4i", FD_READY, key.fd, bits, key.data) for key, bits in ready))
        return len(ready)

    def watch(self, fd, interest, generation):
        try:
            # Always anew: the number may have become another file's.
            if fd in self.selector.get_map():
                self.selector.unregister(fd)
            if interest:
                self.selector.register(fd, interest, generation)
        except OSError as error:
            return -(error.errno or errno.EINVAL)
        return 0

    def dispatch(self, id):
        try:
            (self.watches.get(id) or self.callbacks.pop(id))()
        except Exception as error:
            self.raised = error
            return RAISED
        return OK

    def runSeries(self, length):
        return 0  # There are none: every call here has an id.

    def resume(self, id, how):
        return self.tasks[id].step(how)

    def taskDone(self, id, state):
        self.tasks.pop(id).state = state

    def cancelWaiter(self, id):
        return int(self.tasks[id].waits_for.cancel())

    def report(self, what, id):
        print("a callback raised", repr(self.raised) if what == CALLBACK_RAISED else f"report {what} of {id}")
        return OK


def checked(id):
    """An id that the core has answered, unless it is a status or an errno."""
    if id < 0:
        raise OSError(-id, f"the core answered {id}")
    return id
