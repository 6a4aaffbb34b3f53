"""Hand-written programs about what 3.12 and 3.13 have changed: cancellations that are taken back, gathering what is done, and cancellations that cross
in task groups and time limits.

Adds to the programs of written.py.
"""

from written import attempt, later, program, soon, task


def member(group, label, *body):
    return ["member", group, label, list(body)]


def group(label, *body):
    return ["group", label, list(body)]


def limit(label, ticks, *body):
    return ["limit", label, ticks, list(body)]


def fails_when_cancelled(name, label, message):
    return member(name, label, attempt(["sleep", 400, None], catch="cancel", handler=[["raise", message]]))


program(
    "a cancellation that is taken back before it is thrown",
    task("t0", ["cancel", "t0", "m1"], ["uncancel", "t0"], ["yield"], ["sleep", 3, 1]),
    task("t1", ["cancel", "t1"], ["cancel", "t1"], ["uncancel", "t1"], attempt(["yield"]), ["uncancel", "t1"], ["yield"]),
    task("t2", ["yield"]),
    ["cancel", "t2"],
    ["uncancel", "t2"],
    task("t3", ["cancel", "t3"], ["uncancel", "t3"], ["return", 5]),
)
program(
    "gathers what is done, what is not, and what has failed",
    ["future", "f0"],
    ["future", "f1"],
    ["future", "f2"],
    ["set", "f0", 1],
    ["fail", "f1", "m1"],
    ["gather", "g0", "f0 f0", False],
    ["state", "g0"],
    ["gather", "g1", "f2 f1", False],
    ["state", "g1"],
    ["gather", "g2", "f0 f1", True],
    ["state", "g2"],
    ["gather", "g3", "f0 f2", False],
    ["state", "g3"],
    ["add", "g0", "c0"],
    soon("h1", ["set", "f2", 2], ["state", "g3"]),
    task("t0", ["await", "g0"], ["await", "g3"]),
    functions={"c0": [["state", "g3"]]},
)
program(
    "a gathering of what was cancelled fails, and its own cancellation comes too late",
    ["future", "f0"],
    ["cancel", "f0"],
    ["gather", "g0", "f0", False],
    ["state", "g0"],
    ["cancel", "g0"],
    ["gather", "g1", "f0", True],
    ["state", "g1"],
)
program(
    "a task group that is cancelled and has errors: these first, then the cancellation",
    task("t0", attempt(group("n0", fails_when_cancelled("n0", "t1", "m1"), ["sleep", 500, None])), ["cancelling", "t0"],
         attempt(["yield"]), ["yield"], ["uncancel", "t0"]),
    later("h1", 5, ["cancel", "t0", "m2"]),
)
for order, pauses in (("outer", ([], [["yield"]])), ("inner", ([["yield"]], []))):
    outer = member("n0", "t1", ["await", "f0"], *pauses[0], ["raise", "m1"])
    inner = group("n1", member("n1", "t2", ["await", "f0"], *pauses[1], ["raise", "m2"]), ["sleep", 300, 1])
    program(
        f"of two task groups, one within the other, both fail at once, the {order} one first",
        ["future", "f0"],
        task("t0", attempt(group("n0", outer, attempt(inner), ["cancelling", "t0"], attempt(["sleep", 200, 2]))), ["cancelling", "t0"],
             ["sleep", 1, 3]),
        later("h1", 5, ["set", "f0", 1]),
    )
program(
    "a failure and a cancellation from outside in one iteration, in both orders",
    task("t0", attempt(group("n0", member("n0", "t1", ["sleep", 5, 1], ["raise", "m1"]), ["sleep", 400, 1])), ["cancelling", "t0"], attempt(["yield"])),
    task("t2", attempt(group("n1", member("n1", "t3", ["sleep", 9, 1], ["cancel", "t2"], ["raise", "m2"]), ["sleep", 401, 1])), ["cancelling", "t2"],
         attempt(["yield"])),
    task("t4", attempt(group("n2", member("n2", "t5", ["sleep", 7, 1], ["raise", "m3"]), attempt(["sleep", 402, 1], final=[["cancel", "t4"], ["yield"]]))),
         ["cancelling", "t4"], attempt(["yield"])),
)
program(
    "a limit whose time is over and a cancellation from outside in one iteration",
    task("t0", attempt(limit("w0", 0, ["sleep", 400, 1])), ["expired", "w0"], ["cancelling", "t0"], attempt(["yield"])),
    task("t2", ["yield"], ["cancel", "t0"]),
    task("t1", attempt(limit("w1", 20, attempt(["sleep", 401, 1], handler=[["cancel", "t1"]]))), ["expired", "w1"], ["cancelling", "t1"], attempt(["yield"])),
)
program(
    "a limit around a task group with errors, and one in a task that was cancelled before",
    task("t0", attempt(limit("w0", 5, group("n0", fails_when_cancelled("n0", "t1", "m1"), ["sleep", 401, 1]))), ["cancelling", "t0"], attempt(["yield"])),
    task("t2", attempt(["sleep", 403, 1], catch="cancel"), ["cancelling", "t2"], attempt(limit("w1", 9, ["sleep", 404, 1])), ["cancelling", "t2"]),
    later("h1", 3, ["cancel", "t2"]),
)
program(
    "a task group takes no tasks when it is over, or something has failed",
    task("t0", attempt(group("n0", member("n0", "t1", ["raise", "m1"]), attempt(["sleep", 400, 1], handler=[member("n0", "t2")], then="raise"))),
         member("n0", "t3"), group("n1", member("n1", "t4", ["yield"], member("n1", "t5", ["sleep", 2, 1]))), member("n1", "t6")),
)
program(
    "a limit is moved, there and back, and not when it is over",
    task("t0", limit("w0", 5, ["reschedule", "w0", 20], ["sleep", 10, 1], ["reschedule", "w0", None], ["sleep", 30, 2], ["expired", "w0"]),
         ["reschedule", "w0", 7]),
    task("t1", attempt(limit("w1", None, ["reschedule", "w1", 0], attempt(["sleep", 90, 1], final=[["expired", "w1"], ["reschedule", "w1", 3]])))),
)
