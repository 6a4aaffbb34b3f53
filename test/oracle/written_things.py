"""Hand-written programs about locks, events, semaphores and queues, in the manner of written.py.

Owns the corners of them that asyncio and wasyncio define alike; README.md says which they do not.
"""

from written import attempt, later, program, soon, task

LOCK, EVENT, QUEUE, ROOM_FOR_ONE = ["lock", "l0"], ["event", "e0"], ["queue", "q0", 0], ["queue", "q0", 1]


def semaphore(value, is_bounded=False):
    return ["semaphore", "m0", value, is_bounded]


def hold(label, *body):
    return ["hold", label, list(body)]


program("a lock goes round in order, and whoever comes at its release waits behind the one who was woken",
        LOCK,
        task("t0", ["acquire", "l0"], ["sleep", 9, None]),
        task("t1", hold("l0", ["sleep", 2, None])),
        task("t2", hold("l0", ["yield"])),
        later("h1", 5, task("t3", hold("l0")), ["release", "l0"]),
        later("h2", 6, ["tell", "l0"]),
        later("h3", 20, ["tell", "l0"]))

program("a free lock is taken without giving up the turn, also by a task that is to be cancelled",
        LOCK,
        task("t0", ["cancel", "t0", "m1"], hold("l0", ["tell", "l0"], ["sleep", 5, None])),
        task("t1", ["tell", "l0"], ["acquire", "l0"]))

program("one who is cancelled in the iteration in which he was woken passes the lock on",
        LOCK,
        task("t0", ["acquire", "l0"]),
        task("t1", attempt(hold("l0", ["yield"]), catch="cancel")),
        task("t2", hold("l0", ["yield"])),
        later("h1", 5, ["release", "l0"], ["cancel", "t1", "m1"], soon("h2")),
        later("h3", 20, ["tell", "l0"]))

program("a lock of which all who waited were cancelled is free again",
        LOCK,
        task("t0", hold("l0", ["sleep", 9, None])),
        task("t1", hold("l0")),
        task("t2", hold("l0")),
        later("h1", 5, ["cancel", "t1"], ["cancel", "t2"], ["tell", "l0"]),
        later("h2", 20, ["tell", "l0"], ["release", "l0"]))

program("an event that is set and cleared at once lets those go on who waited, and not those who come after",
        EVENT,
        task("t0", ["waitEvent", "e0"], ["tell", "e0"]),
        task("t1", ["waitEvent", "e0"], ["waitEvent", "e0"]),
        later("h1", 5, ["setEvent", "e0"], ["clearEvent", "e0"], ["setEvent", "e0"], ["clearEvent", "e0"],
              task("t2", ["waitEvent", "e0"])),
        later("h2", 9, ["setEvent", "e0"]))

program("whoever comes to an event that is set goes on before those who have waited",
        EVENT,
        task("t0", ["waitEvent", "e0"]),
        task("t1", ["waitEvent", "e0"]),
        later("h1", 5, task("t2", ["waitEvent", "e0"]), ["setEvent", "e0"], ["cancel", "t0", "m1"]))

program("a semaphore passes over those who were cancelled, in the same iteration too",
        semaphore(1),
        task("t0", hold("m0", ["sleep", 5, None])),
        task("t1", hold("m0", ["yield"])),
        task("t2", hold("m0", ["yield"])),
        task("t3", hold("m0", ["yield"])),
        later("h1", 4, ["cancel", "t1", "m1"], ["release", "m0"], ["cancel", "t2", "m2"]),
        later("h2", 20, ["tell", "m0"]))

program("a bounded semaphore counts who waits, and refuses one release too many",
        semaphore(1, True),
        task("t0", ["acquire", "m0"], ["acquire", "m0"], ["tell", "m0"]),
        later("h1", 5, ["release", "m0"]),
        later("h2", 9, ["release", "m0"], ["tell", "m0"], ["release", "m0"]))

program("items come out in order, one to each who waits, and an item that is there without giving up the turn",
        QUEUE,
        task("t0", ["get", "q0"], ["yield"], ["get", "q0"]),
        task("t1", ["get", "q0"]),
        later("h1", 5, ["putNowait", "q0", 1], ["putNowait", "q0", 2]),
        later("h2", 9, ["putNowait", "q0", 3]),
        later("h3", 20, ["putNowait", "q0", 4], ["putNowait", "q0", 5], ["tell", "q0"],
              task("t2", ["get", "q0"], ["get", "q0"], ["tell", "q0"])))

program("one who is cancelled in the iteration in which he was woken leaves the item to the next one, or in its place",
        QUEUE,
        task("t0", ["get", "q0"]),
        task("t1", ["get", "q0"]),
        task("t2", ["get", "q0"]),
        later("h1", 5, ["putNowait", "q0", 1], ["cancel", "t0"]),
        later("h2", 9, ["putNowait", "q0", 2], ["putNowait", "q0", 3], ["cancel", "t2"]),
        later("h3", 20, ["tell", "q0"], ["getNowait", "q0"], ["getNowait", "q0"]))

program("those who put wait for room in order, and one who is cancelled puts nothing",
        ROOM_FOR_ONE,
        task("t0", ["put", "q0", 1], ["put", "q0", 2], ["put", "q0", 3]),
        task("t1", ["put", "q0", 4]),
        task("t2", ["put", "q0", 5]),
        later("h1", 3, ["tell", "q0"], ["putNowait", "q0", 9], ["cancel", "t1"]),
        later("h2", 5, ["getNowait", "q0"]),
        later("h3", 7, ["getNowait", "q0"], ["cancel", "t2"]),
        later("h4", 9, ["getNowait", "q0"]),
        later("h5", 11, ["getNowait", "q0"], ["getNowait", "q0"], ["tell", "q0"]))

program("join waits until the work on all items is done, however often they were got",
        QUEUE,
        task("t0", ["join", "q0"], ["put", "q0", 1], ["put", "q0", 2], ["join", "q0"], ["taskDone", "q0"]),
        task("t1", ["get", "q0"], ["yield"], ["taskDone", "q0"], ["get", "q0"], ["sleep", 5, None], ["taskDone", "q0"]),
        task("t2", ["sleep", 1, None], ["join", "q0"]))
