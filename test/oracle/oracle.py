#!/usr/bin/env python3
"""Records what CPython's asyncio does with random scheduling programs, as one JSON object a line.

    python3 test/oracle/oracle.py --count 420 --seed 1 > traces.jsonl     programs and traces, the hand-written first
    python3 test/oracle/oracle.py --eager --count 120 --seed 5000 > eager-traces.jsonl  those of tasks that take their first step at once
    python3 test/oracle/oracle.py --check                                 runs the recorded programs again and compares
    python3 test/oracle/oracle.py --run < program.json                    the trace of one program

Owns the command line and which programs are kept. Does not invent programs (programs.py, written.py) or run them (session.py).
"""

import argparse
import gc
import itertools
import json
import logging
import pathlib
import re
import sys
import warnings

# Keeps __pycache__ out of the working tree.
sys.dont_write_bytecode = True

import written
import written_blocks  # adds to those of written
import written_things  # so does this
from programs import KINDS_IN_TURN, write_program
from session import Session
from virtual_loop import PureLoop, Unsuitable, VirtualLoop

FOLDER = pathlib.Path(__file__).parent
TRACES = FOLDER / "traces.jsonl"

EAGER_TRACES = FOLDER / "eager-traces.jsonl"

# Timer programs are long and alike, so a few do.
TIMERS_EVERY = 50

# One of locks, events, semaphores and queues for so many others.
THINGS_EVERY = 4

# And one of task groups and time limits.
GROUPS_EVERY = 2

# Most random programs end early or do little; the best of so many is worth recording.
CANDIDATES = 12


# Kinds that make tasks. Not task groups: 3.13.0 lets one that has failed at once cancel its parent too early, which later ones do not.
EAGER_KINDS = ("tasks", "cancellation", "mixed", "gather")


def trace_of(program, loop_class=VirtualLoop):
    """The trace of a program, made with the garbage collector off, so that no finalizer runs in the middle of it."""
    gc.disable()
    try:
        return Session(program, loop_class).run()
    finally:
        gc.enable()


def variety(trace):
    """How many sorts of event a trace has: what is left of its lines without times, labels and numbers."""
    return len({re.sub(r"\b[a-z]*\d+", "", line) for line in trace})


def record(kind, seed, **settings):
    """The most varied of the first suitable programs of a kind and a seed, with its trace. Settings go into the program."""
    best = None
    suitable = 0
    for attempt in itertools.count():
        program = {**settings, **write_program(kind, seed, attempt)}
        try:
            trace = trace_of(program)
        except Unsuitable:
            continue
        if best is None or variety(trace) > variety(best["trace"]):
            best = {"kind": kind, "seed": seed, **program, "trace": trace}
        suitable += 1
        if suitable == (1 if kind == "timers" else CANDIDATES):
            return best


def kind_of(number):
    return "timers" if number % TIMERS_EVERY == TIMERS_EVERY - 1 else KINDS_IN_TURN[number % len(KINDS_IN_TURN)]


def records(count, seed):
    """The hand-written programs, then count random ones from consecutive seeds, then those of locks and their kin, and of task groups."""
    for program in written.PROGRAMS:
        yield {"kind": "written", **program, "trace": trace_of(program)}
    for number in range(count):
        yield record(kind_of(number), seed + number)
    for number in range(count // THINGS_EVERY):
        yield record("things", seed + number)
    for number in range(count // GROUPS_EVERY):
        yield record("groups", seed + number)


def eager_records(count, seed):
    """Random programs whose tasks take their first step when they are made."""
    for number in range(count):
        yield record(EAGER_KINDS[number % len(EAGER_KINDS)], seed + number, eager=True)


def check():
    """Compares every recorded trace with what asyncio does now, with its futures and tasks in C and in Python."""
    lines = [json.loads(line) for traces in (TRACES, EAGER_TRACES) for line in traces.read_text().splitlines()]
    different = 0
    for line in lines:
        for loop_class in (VirtualLoop, PureLoop):
            trace = trace_of(line, loop_class)
            if trace != line["trace"]:
                different += 1
                index = next((i for i, (a, b) in enumerate(zip(trace, line["trace"])) if a != b), -1)
                print(f"{line['kind']} {line.get('seed', line.get('name'))} on {loop_class.__name__}: event {index} differs")
    print(f"{len(lines)} programs, {different} different traces")
    return 1 if different else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300, help="how many random programs to record")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the first one; the others follow")
    parser.add_argument("--check", action="store_true", help="compare with the recorded traces instead")
    parser.add_argument("--run", action="store_true", help="print the trace of the program on standard input instead")
    parser.add_argument("--eager", action="store_true", help="record programs whose tasks take their first step at once")
    options = parser.parse_args()
    if sys.version_info < (3, 13):
        parser.error("the reference is CPython 3.13: earlier ones take other steps")
    logging.disable()
    warnings.simplefilter("ignore")
    if options.check:
        return check()
    if options.run:
        print("\n".join(trace_of(json.load(sys.stdin))))
        return 0
    for line in (eager_records if options.eager else records)(options.count, options.seed):
        print(json.dumps(line, separators=(",", ":")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
