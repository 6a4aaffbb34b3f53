"""The words in which traces tell of values, errors and futures; words.ts has the same.

Differs from Python's own names: None is "none", and errors of the programs carry their message.
"""

import asyncio


class Boom(Exception):
    """What programs raise."""


def describe(error):
    """Names an error as traces do: its class, then what the program said about it, if it did."""
    if isinstance(error, BaseExceptionGroup):
        return f"{type(error).__name__} {show(list(error.exceptions))}"
    own = isinstance(error, (Boom, asyncio.CancelledError)) and error.args and error.args[0]
    return f"{type(error).__name__} {error.args[0]}" if own else type(error).__name__


def show(value):
    if value is None:
        return "none"
    if isinstance(value, list):
        return f"[{', '.join(show(each) for each in value)}]"
    if isinstance(value, BaseException):
        return describe(value)
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def state_of(future):
    if not future.done():
        return "pending"
    if future.cancelled():
        return "cancelled"
    error = future.exception()
    return f"result {show(future.result())}" if error is None else f"exception {describe(error)}"
