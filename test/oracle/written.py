"""Hand-written scheduling programs: one corner of asyncio each, named after what it shows.

Owns the corners that random programs reach seldom or never. README.md lists the instructions.

Does not say what should happen: CPython does, when oracle.py records them.
"""

PROGRAMS = []
DAY = 86400 * 1024
END = ["later", "end", 1000, [["stop"]]]


def program(name, *setup, functions=None, until=None, then=()):
    """Adds a program: its first run ends at tick 1000 at the latest, and `then` are the runs after it."""
    phases = [run(END, *setup, until=until), *then]
    PROGRAMS.append({"name": name, "phases": phases, "functions": functions or {}})


def run(*setup, until=None):
    return {"setup": list(setup), **({"until": until} if until else {})}


def soon(handle, *body):
    return ["soon", handle, list(body)]


def later(handle, ticks, *body):
    return ["later", handle, ticks, list(body)]


def at(handle, ticks, *body):
    return ["at", handle, ticks, list(body)]


def task(label, *body):
    return ["task", label, list(body)]


def attempt(*body, catch="any", handler=(), then="swallow", final=()):
    return ["try", list(body), catch, list(handler), then, list(final)]


# Runs of the loop

program(
    "a run stopped beforehand runs what is scheduled and not what that schedules",
    soon("h1", soon("h2", soon("h3"))),
    ["stop"],
    then=[run(["stop"]), run()],
)
program(
    "handles after the stopping one in the batch still run, their children in the next run",
    soon("h1", ["stop"], soon("h2")),
    soon("h3", ["stop"], soon("h4")),
    later("h5", 3),
    then=[run(soon("h6"))],
)
program(
    "a run stopped beforehand runs the timers that are due",
    soon("h1"),
    later("h2", -1),
    later("h3", 1),
    ["stop"],
    then=[run(["stop"]), run()],
)
program("stop twice stops once", soon("h1", ["stop"], ["stop"], soon("h2", soon("h3"))), then=[run()])
program(
    "an interrupt ends the run at once, and the rest of the batch waits for the next run",
    soon("h1", ["stop"], soon("h2")),
    soon("h3", ["interrupt"]),
    soon("h4"),
    later("h5", 2),
    then=[run(soon("h6"))],
)
program(
    "an interrupt in a task is its exception too, and interrupts whoever awaits it",
    ["future", "f0"],
    task("t0", ["yield"], attempt(["interrupt"], final=[["current"]])),
    task("t1", attempt(["await", "t0"], handler=[["yield"]])),
    ["add", "t0", "c0"],
    soon("h1"),
    functions={"c0": [["result", "t0"]]},
    then=[
        run(["state", "t0"], ["state", "t1"]),
        run(["state", "t1"], task("t2", ["yield"], ["await", "t1"])),
        run(later("end2", 5000, ["stop"]), until="t0"),
    ],
)
program(
    "a future that is done still takes one iteration",
    ["future", "f0"],
    ["set", "f0", 4],
    soon("h1", soon("h2")),
    until="f0",
    then=[run()],
)
program(
    "a run until complete that is stopped first",
    ["future", "f0"],
    later("h1", 5, ["stop"]),
    until="f0",
    then=[run(later("h2", 5, ["set", "f0", 1]), until="f0")],
)
program(
    "a run until complete that fails, and one that is cancelled",
    ["future", "f0"],
    task("t0", ["sleep", 5, 1], ["raise", "m1"]),
    later("h1", 9, ["cancel", "f0", "m2"]),
    until="t0",
    then=[run(until="f0"), run(until="t0")],
)
program(
    "a run until complete ends with the batch in which its future calls back",
    task("t0", ["sleep", 5, 1]),
    later("h1", 6),
    ["add", "t0", "c0"],
    functions={"c0": [soon("h2", soon("h3"))]},
    until="t0",
    then=[run()],
)

# Handles and timers

program(
    "due timers run after ready callbacks, earliest deadline first",
    later("h1", 0, soon("h5")),
    at("h2", -5),
    at("h3", -7, soon("h6")),
    soon("h4", at("h7", -1), soon("h8"), at("h9", -2)),
)
program(
    "a callback cancels a later one of its batch",
    soon("h1", ["drop", "h2"], ["drop", "h4"]),
    soon("h2"),
    at("h3", -3, ["drop", "h5"]),
    at("h4", -2),
    at("h5", -1),
    soon("h6", ["drop", "h1"], ["drop", "h1"]),
)
program(
    "a handle cancels itself while it runs and then raises",
    soon("h1", ["drop", "h1"], ["raise", "m1"]),
    soon("h2", ["throwCancelled"]),
    soon("h3", ["throwCancelled", "m2"]),
    soon("h4"),
)
program(
    "cancels a timer twice, after it ran, and from another timer at the last moment",
    later("h1", 5),
    later("h2", 6, ["drop", "h1"], ["drop", "h1"], ["drop", "h3"], ["when", "h3"]),
    later("h3", 7),
    later("h4", 8, ["drop", "h3"], ["when", "h1"]),
)
program(
    "a deadline more than a day away",
    later("h1", DAY * 2 + 3),
    later("h2", DAY + 1, ["when", "h1"]),
    later("h3", 7),
    then=[run(later("h4", DAY * 3, ["stop"]))],
)

# Futures

program(
    "callbacks of a future run one iteration later, in order, and late ones too",
    ["future", "f0"],
    ["add", "f0", "c0"],
    ["add", "f0", "c1"],
    ["add", "f0", "c0"],
    soon("h1", ["set", "f0", 1], ["add", "f0", "c2"], soon("h2")),
    functions={"c0": [["state", "f0"]], "c1": [["add", "f0", "c2"]], "c2": []},
)
program(
    "removes every equal callback and counts them",
    ["future", "f0"],
    ["add", "f0", "c0"],
    ["add", "f0", "c1"],
    ["add", "f0", "c0"],
    ["add", "f0", "c0"],
    ["remove", "f0", "c0"],
    ["remove", "f0", "c0"],
    ["add", "f0", "c0"],
    soon("h1", ["cancel", "f0"], ["remove", "f0", "c1"]),
    functions={"c0": [], "c1": []},
)
program(
    "a callback removes and adds others of the same future",
    ["future", "f0"],
    ["add", "f0", "c0"],
    ["add", "f0", "c1"],
    soon("h1", ["fail", "f0", "m1"]),
    functions={"c0": [["remove", "f0", "c1"], ["add", "f0", "c1"]], "c1": [["result", "f0"], ["exception", "f0"]]},
)
program(
    "a future in every state refuses what its state forbids",
    *[["future", f"f{i}"] for i in range(4)],
    ["set", "f1", 5],
    ["fail", "f2", "m1"],
    ["cancel", "f3", "m2"],
    *[[name, f"f{i}"] for i in range(4) for name in ("state", "result", "exception")],
    *[["set", f"f{i}", 9] for i in (1, 2, 3)],
    *[["fail", f"f{i}", "m9"] for i in (1, 2, 3)],
    *[["cancel", f"f{i}"] for i in range(4)],
    *[["cancel", f"f{i}", "m8"] for i in range(4)],
    ["result", "f3"],
    ["exception", "f3"],
    ["result", "f0"],
)
program(
    "a callback that raises or is cancelled does not keep the others from running",
    ["future", "f0"],
    ["add", "f0", "c0"],
    ["add", "f0", "c1"],
    ["add", "f0", "c2"],
    ["set", "f0", 1],
    functions={"c0": [["raise", "m1"]], "c1": [["throwCancelled", "m2"]], "c2": [["state", "f0"]]},
)

# Tasks

program(
    "a task refuses setResult and setException",
    task("t0", ["sleep", 5, 1]),
    ["set", "t0", 4],
    ["fail", "t0", "m1"],
    later("h1", 9, ["set", "t0", 4], ["result", "t0"]),
)
program(
    "a task starts one iteration after it was made, and so do its children",
    task(
        "t0",
        ["current"],
        task("t1", ["current"], ["return", 1]),
        soon("h2", ["current"]),
        ["await", "t1"],
        ["current"],
        ["await", "t1"],
    ),
    soon("h1"),
    until="t0",
)
program(
    "awaiting what is done does not give up the iteration",
    ["future", "f0"],
    ["future", "f1"],
    ["future", "f2"],
    ["set", "f0", 1],
    ["fail", "f1", "m1"],
    ["cancel", "f2", "m2"],
    task("t0", ["await", "f0"], attempt(["await", "f1"]), attempt(["await", "f2"]), ["await", "f0"]),
    soon("h1"),
    until="t0",
)
PAUSES = (["sleep", 0, 1], ["sleep", -9, 2], ["yield"])
program(
    "sleep(0), a sleep of a negative time and a bare yield take one iteration each",
    *[task(f"t{i}", pause, ["yield"], pause, ["return", i]) for i, pause in enumerate(PAUSES)],
    soon("h1", soon("h2", soon("h3", soon("h4", soon("h5"))))),
)
program(
    "a task cancelled in sleep(0), a negative sleep or a bare yield goes on from its own place in the queue",
    *[task(f"t{i}", attempt(pause, handler=[["yield"]])) for i, pause in enumerate(PAUSES)],
    soon("h1", ["cancel", "t0", "m1"], ["cancel", "t1", "m2"], ["cancel", "t2", "m3"], soon("h2")),
    soon("h3"),
)
program(
    "a task that awaits itself or yields nonsense gets an error at the next step",
    task("t0", attempt(["await", "t0"], catch="error", handler=[["badYield"]])),
    task("t1", attempt(["badYield"], catch="error"), ["return", 1]),
    soon("h1", soon("h2")),
    task("t2", ["badYield"]),
    soon("h3", ["cancel", "t2", "m1"]),
)
program(
    "done callbacks and awaiters of a task run in the order in which they came",
    task("t0", ["sleep", 5, 1]),
    ["add", "t0", "c0"],
    task("t1", ["await", "t0"]),
    soon("h1", soon("h2", ["add", "t0", "c1"])),
    task("t2", ["await", "t0"]),
    functions={"c0": [soon("h9")], "c1": []},
)

# Cancellation

program(
    "a task cancelled before it starts never runs",
    task("t0", ["raise", "m1"]),
    ["cancel", "t0", "m2"],
    ["add", "t0", "c0"],
    task("t1", attempt(["await", "t0"], handler=[["result", "t0"], ["result", "t0"]])),
    ["cancelling", "t0"],
    functions={"c0": [["exception", "t0"]]},
)
program(
    "everyone who awaits a cancelled future gets its message",
    ["future", "f0"],
    *[task(f"t{i}", attempt(["await", "f0"], catch="cancel", handler=[["result", "f0"]])) for i in range(3)],
    later("h1", 5, ["cancel", "f0", "m1"]),
)
program(
    "only the first who awaits a cancelled task gets its message",
    task("t0", ["sleep", 50, 1]),
    *[task(f"t{i}", attempt(["await", "t0"], catch="cancel", handler=[["result", "t0"]])) for i in (1, 2, 3)],
    later("h1", 5, ["cancel", "t0", "m1"]),
)
program(
    "a cancelled task that is asked several times says its message once",
    task("t0", ["sleep", 50, 1]),
    later("h1", 5, ["cancel", "t0", "m1"]),
    later("h2", 6, ["result", "t0"], ["result", "t0"], ["exception", "t0"]),
)
program(
    "two cancels at a sleep: one error, two counts",
    task(
        "t0",
        attempt(
            ["sleep", 50, 1],
            catch="cancel",
            handler=[["cancelling", "t0"], ["uncancel", "t0"], ["uncancel", "t0"], ["uncancel", "t0"], ["sleep", 7, 2]],
        ),
        ["return", 3],
    ),
    later("h1", 5, ["cancel", "t0", "m1"], ["cancel", "t0", "m2"], ["cancelling", "t0"]),
    until="t0",
)
program(
    "swallows a cancellation and goes on, and the next one ends it",
    task("t0", attempt(["sleep", 50, 1], catch="cancel"), ["sleep", 20, 2], ["return", 1]),
    later("h1", 5, ["cancel", "t0"]),
    later("h2", 10, ["cancel", "t0", "m2"]),
    later("h3", 12, ["cancel", "t0"], ["cancelling", "t0"]),
)
program(
    "a task that cancels itself and returns is cancelled",
    task("t0", ["cancel", "t0", "m1"], ["return", 1]),
    task("t1", attempt(["await", "t0"])),
    ["add", "t0", "c0"],
    functions={"c0": [["result", "t0"]]},
)
program(
    "a task that cancels itself and raises has raised",
    task("t0", ["cancel", "t0", "m1"], ["raise", "m2"]),
    task("t1", attempt(["await", "t0"])),
)
program(
    "a task that cancels itself is stopped where it next waits",
    ["future", "f0"],
    ["future", "f1"],
    ["set", "f1", 1],
    ["add", "f0", "c0"],
    task("t0", ["cancel", "t0", "m1"], attempt(["await", "f0"])),
    task("t1", ["cancel", "t1", "m2"], ["await", "f1"], attempt(["yield"]), ["yield"]),
    task(
        "t2",
        ["cancel", "t2", "m3"],
        attempt(["sleep", 9, 1], catch="cancel", handler=[["yield"]]),
        ["cancel", "t2"],
        attempt(["sleep", 0, 1], then="raise"),
    ),
    functions={"c0": []},
)
program(
    "a task that cancels itself and then another keeps its own message",
    ["future", "f0"],
    task("t0", ["cancel", "t0", "m1"], ["cancel", "t1", "m2"], attempt(["await", "f0"])),
    task("t1", attempt(["sleep", 9, 1])),
    task("t2", ["cancel", "t2", "m3"], ["cancel", "t3", "m4"], ["yield"]),
    task("t3", attempt(["sleep", 8, 1])),
    task("t4", ["cancel", "t4", "m5"], ["cancel", "t5"], attempt(["await", "t5"])),
    task("t5", attempt(["sleep", 7, 1])),
)
program(
    "a task cancelled twice before its step keeps the later message",
    task("t0", attempt(["yield"]), attempt(["yield"])),
    soon("h1", ["cancel", "t0", "m1"], ["cancel", "t0"], soon("h2", ["cancel", "t0"], ["cancel", "t0", "m2"])),
    task("t1", ["yield"]),
    ["cancel", "t1", "m3"],
    ["cancel", "t1", "m4"],
)
program(
    "a message of an earlier cancellation is not told again",
    task("t0", attempt(["sleep", 50, 1], catch="cancel"), ["throwCancelled"]),
    task("t1", attempt(["sleep", 60, 1], catch="cancel"), ["yield"], ["cancel", "t1"], ["return", 1]),
    task("t2", attempt(["await", "t0"]), attempt(["await", "t1"])),
    later("h1", 5, ["cancel", "t0", "m1"], ["cancel", "t1", "m2"]),
)
program(
    "a task that cancels itself and then awaits itself or yields nonsense is cancelled",
    task("t0", ["cancel", "t0", "m1"], attempt(["await", "t0"])),
    task("t1", ["cancel", "t1", "m2"], attempt(["badYield"])),
)
program(
    "a task whose future is done already is cancelled all the same",
    ["future", "f0"],
    ["future", "f1"],
    ["future", "f2"],
    *[task(f"t{i}", attempt(["await", f"f{i}"], handler=[["yield"]])) for i in range(3)],
    later(
        "h1",
        5,
        ["set", "f0", 1],
        ["cancel", "t0", "m1"],
        ["fail", "f1", "m2"],
        ["cancel", "t1", "m3"],
        ["cancel", "f2", "m4"],
        ["cancel", "t2", "m5"],
    ),
)
program(
    "a cancel goes down the chain and comes back up",
    ["future", "f0"],
    task("t0", attempt(["await", "t1"], final=[["yield"]])),
    task("t1", attempt(["await", "t2"], catch="cancel", handler=[["sleep", 3, None]], then="raise")),
    task("t2", attempt(["await", "f0"], catch="cancel", final=[["sleep", 2, None]]), ["throwCancelled", "m2"]),
    later("h1", 5, ["cancel", "t0", "m1"], ["cancelling", "t1"], ["state", "f0"]),
)
program(
    "an inner task that swallows the cancellation saves those who await it",
    task("t0", ["await", "t1"], ["return", 1]),
    task("t1", attempt(["sleep", 50, 1], catch="cancel"), ["return", 2]),
    later("h1", 5, ["cancel", "t0"], ["cancelling", "t0"], ["cancelling", "t1"]),
    until="t0",
)
program(
    "cancelled again while it cleans up",
    task(
        "t0",
        attempt(
            ["sleep", 50, 1],
            catch="cancel",
            handler=[attempt(["sleep", 10, 2], catch="cancel", handler=[["cancelling", "t0"]])],
            then="raise",
            final=[["sleep", 4, 3]],
        ),
    ),
    later("h1", 5, ["cancel", "t0", "m1"]),
    later("h2", 9, ["cancel", "t0", "m2"]),
    later("h3", 11, ["cancel", "t0", "m3"]),
    later("h4", 99, ["result", "t0"]),
)
program(
    "a task that throws CancelledError is cancelled without anyone asking",
    task("t0", ["throwCancelled", "m1"]),
    task("t1", ["call", [attempt(["await", "t0"], catch="cancel", final=[["cancelling", "t0"]]), ["return", 5]]]),
)
program(
    "an error in the cleaning up takes the place of the cancellation",
    task("t0", attempt(["sleep", 50, 1], catch="error", final=[["raise", "m1"]])),
    later("h1", 5, ["cancel", "t0"]),
    ["add", "t0", "c0"],
    functions={"c0": [["result", "t0"], ["cancelling", "t0"]]},
)
program(
    "tasks cancel one another",
    task("t0", ["sleep", 3, None], ["cancel", "t1", "m1"], ["sleep", 50, None]),
    task("t1", attempt(["sleep", 40, None], catch="cancel", handler=[["cancel", "t0", "m2"]], then="raise")),
    task("t2", attempt(["await", "t0"]), attempt(["await", "t1"])),
)
program(
    "a task cancelled by a callback of the future that it awaits",
    ["future", "f0"],
    ["add", "f0", "c0"],
    task("t0", attempt(["await", "f0"], final=[["state", "f0"]])),
    later("h1", 5, ["set", "f0", 7]),
    functions={"c0": [["cancel", "t0", "m1"]]},
)
program(
    "a task cancelled by another that awaits the same future and goes first",
    ["future", "f0"],
    task("t0", ["await", "f0"], ["cancel", "t1", "m1"], ["cancel", "t2"]),
    task("t1", attempt(["await", "f0"], handler=[["yield"]])),
    task("t2", ["await", "f0"]),
    later("h1", 5, ["set", "f0", 7]),
)
program(
    "a cancelled sleep leaves no timer that does anything",
    task("t0", ["sleep", 50, 1]),
    later("h1", 5, ["cancel", "t0"]),
    later("h2", 60),
)
