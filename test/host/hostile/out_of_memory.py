"""What the core does in a host that gives it no more memory: out_of_memory.py CORE.

Prints, for each export that makes something, how it ends: each answer before is good, and then the core traps.
"""

import sys

from wasmtime import Engine, Func, Instance, Module, Store, Trap, TrapCode

LIMIT_BYTES = 1 << 20
CALLS_MAX = 1 << 20
FD_MAX = 0xFFFFF

EXPORTS = {
    "callSoon": [],
    "callAt": [1.0],
    "createFuture": [],
    "createTask": [],
    "createEagerTask": [],
    "listen": [2],
    "addReader": [FD_MAX],
}


def end_of(store, module, name, args):
    store.set_limits(memory_size=LIMIT_BYTES)
    imports = [Func(store, entry.type, answer_nothing(entry.type)) for entry in module.imports]
    exports = Instance(store, module, imports).exports(store)
    answers = set()
    try:
        for _ in range(CALLS_MAX):
            answer = exports[name](store, *args)
            if answer <= 0 or answer in answers:
                return f"answered {answer}"
            answers.add(answer)
    except Trap as trap:
        if trap.trap_code != TrapCode.UNREACHABLE:
            return f"trapped otherwise: {trap}"
        size = exports["memory"].data_len(store)
        return "trapped" if size <= LIMIT_BYTES else f"had {size} bytes"
    return "did not end"


def answer_nothing(kind):
    nothing = 0 if kind.results else None
    return lambda *_: nothing


def main(core):
    engine = Engine()
    module = Module.from_file(engine, core)
    for name, args in EXPORTS.items():
        print(name, end_of(Store(engine), module, name, args))


main(sys.argv[1])
