"""Invents scheduling programs from a seed.

Owns which instructions are written, how often and how deep, for each kind of program. README.md lists the instructions.

Does not run programs: session.py does, and oracle.py throws away the unsuitable ones (equal deadlines, endless, circular).

Delays are whole ticks of 2^-10 s, so every time is exact in a double on both sides and can be compared for equality.
"""

import random

# "timers", "things" and "groups" are written apart.
KINDS_IN_TURN = ("calls", "futures", "tasks", "cancellation", "mixed", "gather")

# An end that nothing else reaches: each phase stops here at the latest.
LAST_TICK = 1 << 30

CALLS = {"soon": 6, "later": 6, "at": 3, "drop": 5, "when": 1, "stop": 0.5, "raise": 1, "throwCancelled": 0.3,
         "interrupt": 0.15}
FUTURES = {"set": 5, "fail": 3, "cancel": 4, "add": 6, "remove": 2, "state": 1, "result": 1, "exception": 1}
TASKS = {"task": 4, "cancelTask": 2, "stateTask": 0.6, "cancelling": 0.6, "current": 0.5}
THINGS = {"release": 3, "setEvent": 2, "clearEvent": 1.5, "putNowait": 4, "getNowait": 2, "taskDone": 2, "tell": 1.5}
BLOCKS = {"member": 7, "reschedule": 1.5, "expired": 1}
STEPS = {"sleep": 5, "yield": 4, "await": 6, "awaitTask": 5, "call": 2, "return": 1, "try": 3, "badYield": 0.06}

WEIGHTS = {
    "calls": ({**CALLS}, {}),
    "futures": ({**CALLS, **FUTURES, "stop": 0.2, "drop": 1, "later": 3, "at": 1, "future": 0.5}, {}),
    "tasks": ({"soon": 2, "later": 2, "set": 4, "fail": 2, "cancel": 0.7, "add": 1.5, **TASKS, "raise": 0.4}, STEPS),
    "cancellation": (
        {"soon": 2, "later": 3, "set": 2, "fail": 1, "cancel": 2, "add": 1, **TASKS, "cancelTask": 8, "uncancel": 3,
         "cancelling": 2, "raise": 0.5, "throwCancelled": 1},
        {**STEPS, "try": 9, "await": 4, "awaitTask": 4, "return": 0.5},
    ),
    "gather": (
        {"soon": 1, "later": 3, "set": 4, "fail": 2, "cancel": 2, "add": 2, "remove": 0.3, "state": 0.5, "result": 1,
         "exception": 0.5, **TASKS, "task": 2, "cancelTask": 3, "gather": 9, "shield": 5, "cancelGroup": 6},
        {**STEPS, "try": 4, "awaitGroup": 9},
    ),
    "things": (
        {"soon": 1, "later": 2, "task": 3, "cancelTask": 3, "set": 0.5, **THINGS},
        {"sleep": 3, "yield": 6, "acquire": 1.5, "hold": 8, "waitEvent": 4, "put": 6, "get": 7, "join": 1, "awaitTask": 1,
         "await": 0.5, "call": 1, "try": 4, "return": 0.4},
    ),
    "groups": (
        {"soon": 1, "later": 2, "set": 2, "fail": 2, "cancel": 1, **TASKS, "task": 2, "cancelTask": 6, "uncancel": 1,
         "cancelling": 3, "raise": 2, "throwCancelled": 0.5, **BLOCKS},
        {"sleep": 4, "yield": 4, "await": 4, "awaitTask": 2, "call": 1, "return": 0.5, "try": 5, "group": 9, "limit": 7},
    ),
    "mixed": ({**CALLS, **FUTURES, **TASKS, "uncancel": 0.5, "cancelTask": 4, "future": 0.3}, STEPS),
}


class Writer:
    """Writes one program of a kind."""

    def __init__(self, kind, rng):
        self.kind = kind
        self.rng = rng
        self.sync_weights, self.step_weights = WEIGHTS[kind]
        self.handles = 0
        self.messages = 0
        self.room = rng.randint(40, 110)
        self.future_labels = [f"f{i}" for i in range(rng.randint(1, 4))]
        self.functions = [f"c{i}" for i in range(rng.randint(1, 3))]
        self.unmade_tasks = [f"t{i}" for i in range(rng.randint(2, 6) + (4 if kind == "groups" else 0))] if self.step_weights else []
        self.task_labels = list(self.unmade_tasks)
        self.groups = []
        self.blocks = []
        self.items = 0
        self.me = None
        self.span = rng.choice((40, 400, 4000))
        self.things = self.make_things() if kind == "things" else {}

    def program(self):
        rng = self.rng
        count = rng.choice((1, 1, 2, 3)) if self.kind in ("mixed", "calls") else rng.choice((1, 1, 1, 2))
        phases = [{"setup": self.setup(number, count)} for number in range(count)]
        labels = self.task_labels if self.step_weights else self.future_labels
        for phase in phases:
            if self.kind != "calls" and rng.random() < 0.3:
                phase["until"] = rng.choice(labels)
        # Functions make nothing new: they can run more than once, and every label is made once.
        functions = {label: self.callback_body(3, functions=True) for label in self.functions}
        return {"phases": phases, "functions": functions}

    def setup(self, number, count):
        body = []
        if number == 0:
            body += [["at", f"end{i}", LAST_TICK * (i + 1), [["stop"]]] for i in range(count)]
            if self.kind != "calls":
                body += [["future", label] for label in self.future_labels]
            body += self.things.values()
        written = self.some(self.rng.randint(2, 7), self.sync_op, 0)
        if number == 0:
            while self.unmade_tasks and self.rng.random() < (0.5 if self.kind == "groups" else 0.85):
                written.append(self.make_task(0))
            written += self.outside_events()
        self.rng.shuffle(written)
        # Nothing catches what a setup raises, and no task is current in it.
        return body + [op for op in written if op[0] not in ("raise", "throwCancelled", "interrupt", "current")]

    def outside_events(self):
        """Timers that finish futures and cancel tasks, so that most of what is waited for comes to an end."""
        rng = self.rng
        events = []
        if self.kind != "calls":
            events += [self.pick({"set": 4, "fail": 2, "cancel": 1}) for _ in self.future_labels]
        if self.kind == "gather":
            events += [self.pick({"gather": 2, "shield": 1, "cancelGroup": 1}) for _ in range(rng.randint(1, 4))]
        if self.kind in ("cancellation", "mixed", "gather", "groups"):
            events += ["cancelTask"] * rng.randint(1, 5)
        ops = [op for name in events if (op := getattr(self, "write_" + name)(0))]
        laters = [["later", self.new_handle(), rng.randint(1, self.span), [op]] for op in ops]
        return laters + (self.thing_events() if self.kind == "things" else [])

    def some(self, count, write, depth):
        ops = []
        for _ in range(count):
            if self.room > 0:
                self.room -= 1
                ops.append(write(depth))
        return [op for op in ops if op]

    def callback_body(self, longest, depth=1, functions=False):
        count = self.rng.choice((0, 0, 1, 1, 2, longest))
        ops = self.some(count, self.sync_op, depth)
        if functions:
            made = ("task", "member", "future", "gather", "shield", "soon", "later", "at")
            ops = [op for op in ops if op[0] not in made]
        return ops

    def pick(self, weights):
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def sync_op(self, depth):
        name = self.pick(self.sync_weights)
        return getattr(self, "write_" + name)(depth)

    def step_op(self, depth):
        if self.rng.random() < 0.6:
            return getattr(self, "write_" + self.pick(self.step_weights))(depth)
        return self.sync_op(depth)

    def message(self):
        self.messages += 1
        return f"m{self.messages}"

    def new_handle(self):
        self.handles += 1
        return f"h{self.handles}"

    def write_soon(self, depth):
        return ["soon", self.new_handle(), self.callback_body(3, depth + 1) if depth < 4 else []]

    def write_later(self, depth):
        rng = self.rng
        ticks = rng.randint(1, self.span) if rng.random() < 0.9 else rng.choice((0, -rng.randint(1, 99)))
        if rng.random() < 0.03:
            ticks = 86400 * 1024 + rng.randint(1, 10**8)
        return ["later", self.new_handle(), ticks, self.callback_body(3, depth + 1) if depth < 4 else []]

    def write_at(self, depth):
        ticks = self.rng.randint(-20, self.span * 2)
        return ["at", self.new_handle(), ticks, self.callback_body(3, depth + 1) if depth < 4 else []]

    def write_drop(self, depth):
        return ["drop", f"h{self.rng.randint(1, self.handles + 2)}"]

    def write_when(self, depth):
        return ["when", f"h{self.rng.randint(1, self.handles + 1)}"]

    def write_stop(self, depth):
        return ["stop"]

    def write_raise(self, depth):
        return ["raise", self.message()]

    def write_throwCancelled(self, depth):
        return ["throwCancelled", self.message()] if self.rng.random() < 0.5 else ["throwCancelled"]

    def write_interrupt(self, depth):
        return ["interrupt"]

    def write_current(self, depth):
        return ["current"]

    def any_future(self):
        return self.rng.choice(self.future_labels)

    def any_task(self):
        return self.rng.choice(self.task_labels)

    def any_awaited(self):
        return self.rng.choice(self.future_labels + self.task_labels + self.groups)

    def write_future(self, depth):
        label = f"f{len(self.future_labels)}"
        self.future_labels.append(label)
        return ["future", label]

    def group(self, letter):
        self.groups.append(f"{letter}{len(self.groups)}")
        return self.groups[-1]

    def write_gather(self, depth):
        # Twice the same one is allowed.
        inner = [self.any_awaited() for _ in range(self.rng.randint(1, 4))]
        return ["gather", self.group("g"), " ".join(inner), self.rng.random() < 0.5]

    def write_shield(self, depth):
        return ["shield", self.group("s"), self.any_awaited()]

    def write_cancelGroup(self, depth):
        return ["cancel", self.rng.choice(self.groups)] + self.maybe_message() if self.groups else None

    def write_awaitGroup(self, depth):
        return ["await", self.rng.choice(self.groups)] if self.groups else None

    def maybe_message(self):
        # Whose message a cancelled gather passes on is an accident of CPython's: that of the last child in the list.
        return [self.message()] if self.kind != "gather" and self.rng.random() < 0.4 else []

    def write_set(self, depth):
        return ["set", self.any_future(), self.rng.randint(0, 99)]

    def write_fail(self, depth):
        return ["fail", self.any_future(), self.message()]

    def write_cancel(self, depth):
        return ["cancel", self.any_future()] + self.maybe_message()

    def write_add(self, depth):
        return ["add", self.any_awaited(), self.rng.choice(self.functions)]

    def write_remove(self, depth):
        return ["remove", self.any_awaited(), self.rng.choice(self.functions)]

    def write_state(self, depth):
        return ["state", self.any_awaited()]

    def write_result(self, depth):
        return ["result", self.any_awaited()]

    def write_exception(self, depth):
        return ["exception", self.any_awaited()]

    def write_task(self, depth):
        return self.make_task(depth) if self.unmade_tasks else None

    def make_task(self, depth):
        label = self.unmade_tasks.pop(self.rng.randrange(len(self.unmade_tasks)))
        # Even a program that is almost full gives its tasks something to do.
        self.room += 6
        outer, self.me = self.me, label
        body = self.some(self.rng.randint(2, 9), self.step_op, depth + 1)
        self.me = outer
        return ["task", label, body]

    # Task groups and time limits

    def block(self, letter):
        self.blocks.append(f"{letter}{len(self.blocks)}")
        return self.blocks[-1]

    def any_block(self, letter):
        labels = [label for label in self.blocks if label[0] == letter]
        # The one that was written last is often the one around this.
        return self.rng.choice(labels[-3:]) if labels else None

    def write_group(self, depth):
        if depth >= 4:
            return None
        label = self.block("n")
        body = self.some(self.rng.randint(1, 3), self.write_member, depth + 1)
        body += self.some(self.rng.randint(1, 4), self.step_op, depth + 1)
        return ["group", label, body]

    def write_limit(self, depth):
        if depth >= 4:
            return None
        label = self.block("w")
        return ["limit", label, self.limit_ticks(), self.some(self.rng.randint(1, 4), self.step_op, depth + 1)]

    def limit_ticks(self):
        return self.rng.choice((None, 0, *(self.rng.randint(1, self.span) for _ in range(6))))

    def write_member(self, depth):
        label = self.any_block("n")
        task = label and self.write_task(depth)
        return ["member", label, *task[1:]] if task else None

    def write_reschedule(self, depth):
        label = self.any_block("w")
        return ["reschedule", label, self.limit_ticks()] if label else None

    def write_expired(self, depth):
        label = self.any_block("w")
        return ["expired", label] if label else None

    def write_cancelTask(self, depth):
        return ["cancel", self.any_task()] + self.maybe_message()

    def write_stateTask(self, depth):
        return [self.rng.choice(("state", "result", "exception")), self.any_task()]

    def write_cancelling(self, depth):
        return ["cancelling", self.any_task()]

    def write_uncancel(self, depth):
        return ["uncancel", self.any_task()]

    def write_sleep(self, depth):
        rng = self.rng
        ticks = rng.randint(1, self.span * 2) if rng.random() < 0.8 else rng.choice((0, 0, -5))
        return ["sleep", ticks, rng.choice((None, rng.randint(0, 99)))]

    def write_yield(self, depth):
        return ["yield"]

    def write_await(self, depth):
        return ["await", self.any_future()]

    def write_awaitTask(self, depth):
        label = self.any_task()
        # Waiting for oneself is one error: worth a few programs, not all of them.
        return None if label == self.me and self.rng.random() < 0.9 else ["await", label]

    def write_wait(self, depth):
        weights = {"sleep": 4, "yield": 2, "await": 2, "awaitTask": 2}
        if self.kind == "things":
            weights = {"sleep": 2, "acquire": 2, "waitEvent": 2, "put": 2, "get": 2}
        return getattr(self, "write_" + self.pick(weights))(depth)

    def write_call(self, depth):
        return ["call", self.some(self.rng.randint(1, 4), self.step_op, depth + 1)] if depth < 4 else None

    def write_return(self, depth):
        return ["return", self.rng.randint(0, 99)]

    def write_badYield(self, depth):
        return ["badYield"]

    def write_try(self, depth):
        if depth >= 4:
            return None
        rng = self.rng
        body = self.some(1, self.write_wait, depth + 1) + self.some(rng.randint(0, 4), self.step_op, depth + 1)
        kind = rng.choice(("cancel", "cancel", "any", "error"))
        handler = self.some(rng.choice((0, 1, 2)), self.step_op, depth + 1)
        final = self.some(rng.choice((0, 0, 1, 2)), self.step_op, depth + 1)
        # A return here would hide what is under way: Python and JavaScript agree on it, but it is not about asyncio.
        final = [op for op in final if op[0] != "return"]
        return ["try", body, kind, handler, rng.choice(("swallow", "raise")), final]

    # Locks, events, semaphores and queues: few, so that many wait for each.

    def make_things(self):
        rng = self.rng
        made = [["lock", "l0"], ["lock", "l1"], ["event", "e0"], ["event", "e1"],
                ["semaphore", "m0", rng.randint(0, 2), False], ["semaphore", "m1", rng.randint(1, 2), True],
                ["queue", "q0", 0], ["queue", "q1", rng.randint(1, 2)]]
        return {op[1]: op for op in rng.sample(made, rng.choice((1, 2, 2, 3)))}

    def thing_events(self):
        """Timers that wake some who wait and cancel others, often both in one iteration."""
        rng = self.rng
        events = []
        for _ in range(rng.randint(4, 10)):
            names = [self.pick({**THINGS, "tell": 0.5, "cancelTask": 5}) for _ in range(rng.choice((1, 2, 2, 3)))]
            body = [op for name in names if (op := getattr(self, "write_" + name)(0))]
            events.append(["later", self.new_handle(), rng.randint(1, self.span), body])
        return events

    def thing(self, letters):
        labels = [label for label in self.things if label[0] in letters]
        return self.rng.choice(labels) if labels else None

    def with_thing(self, name, letters, *rest):
        label = self.thing(letters)
        return [name, label, *rest] if label else None

    def new_item(self):
        self.items += 1
        return self.items

    def write_release(self, depth):
        return self.with_thing("release", "lm")

    def write_acquire(self, depth):
        return self.with_thing("acquire", "lm")

    def write_hold(self, depth):
        if depth >= 4:
            return None
        body = self.some(1, self.write_wait, depth + 1) + self.some(self.rng.randint(0, 3), self.step_op, depth + 1)
        return self.with_thing("hold", "lm", body)

    def write_setEvent(self, depth):
        return self.with_thing("setEvent", "e")

    def write_clearEvent(self, depth):
        return self.with_thing("clearEvent", "e")

    def write_waitEvent(self, depth):
        return self.with_thing("waitEvent", "e")

    def write_put(self, depth):
        return self.with_thing("put", "q", self.new_item())

    def write_putNowait(self, depth):
        return self.with_thing("putNowait", "q", self.new_item())

    def write_get(self, depth):
        return self.with_thing("get", "q")

    def write_getNowait(self, depth):
        return self.with_thing("getNowait", "q")

    def write_taskDone(self, depth):
        return self.with_thing("taskDone", "q")

    def write_join(self, depth):
        return self.with_thing("join", "q")

    def write_tell(self, depth):
        return self.with_thing("tell", "lemq")


def timers(rng):
    """Many timers, most of them cancelled at once: the program that makes the heap throw cancelled entries out."""
    count = rng.randint(120, 260)
    labels = [f"h{i}" for i in range(count)]
    ticks = rng.sample(range(1, 20000), count)
    setup = [["at", "end0", LAST_TICK, [["stop"]]]]
    setup += [["later", label, delay, []] for label, delay in zip(labels, ticks)]
    dropped = rng.sample(labels, count * rng.randint(55, 90) // 100)
    cuts = sorted(rng.sample(range(20000), 3))
    share = len(dropped) // 3 + 1
    for number, cut in enumerate(cuts):
        body = [["drop", label] for label in dropped[number * share:(number + 1) * share]]
        setup.append(["later", f"d{number}", cut, body])
    return {"phases": [{"setup": setup}], "functions": {}}


def write_program(kind, seed, attempt):
    """The program of a kind, a seed and an attempt: always the same one."""
    rng = random.Random(f"{kind} {seed} {attempt}")
    return timers(rng) if kind == "timers" else Writer(kind, rng).program()
