"""The event loops of Python that the benchmarks compare with, by name.

Owns: `asyncio` and `uvloop` loops, and, run as a program, what versions they are.

Does not own: finding uvloop. The caller puts its folder on PYTHONPATH.
"""

import asyncio
import json
import platform


def new_loop(name):
    """A fresh loop, set as the current one. `name` is `asyncio` or `uvloop`."""
    if name == "uvloop":
        import uvloop

        loop = uvloop.new_event_loop()
    else:
        loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop


def versions():
    """The versions as text, or why uvloop has none."""
    found = {"python": f"{platform.python_implementation()} {platform.python_version()}"}
    try:
        import uvloop

        found["uvloop"] = uvloop.__version__
    except ImportError as error:
        found["uvloopMissing"] = str(error)
    return found


if __name__ == "__main__":
    print(json.dumps(versions()))
