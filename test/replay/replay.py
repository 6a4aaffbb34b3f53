"""Plays a recorded run again, under wasmtime: replay.py CORE LOG.

Calls the exports of the very same core.wasm in the order of the log, answers its imports as the log says, and checks what the
core calls, with which arguments, what it answers, and its whole memory at the end. Knows nothing of what any of it means;
recorder.ts describes the lines. Prints how many lines agree, or the first that does not, and exits with 1.
"""

import hashlib
import struct
import sys

import wasmtime

I32 = wasmtime.ValType.i32()


class Difference(Exception):
    pass


class Replay:
    def __init__(self, core: str, log: str) -> None:
        self.lines = log.splitlines()
        self.number = 0
        self.store = wasmtime.Store(wasmtime.Engine())
        module = wasmtime.Module.from_file(self.store.engine, core)
        imports = [self.answer_import(entry.name, entry.type) for entry in module.imports]
        self.exports = wasmtime.Instance(self.store, module, imports).exports(self.store)
        self.memory = self.exports["memory"]
        self.types = {entry.name: entry.type for entry in module.exports}

    def answer_import(self, name: str, kind: wasmtime.FuncType) -> wasmtime.Func:
        def call(*args: float) -> float | None:
            words = [word(value, of) for value, of in zip(args, kind.params)]
            self.expect(" ".join(["I", name, *words]))
            answer = self.play("V")
            return number(answer, kind.results[0]) if kind.results else None

        return wasmtime.Func(self.store, kind, call)

    def play(self, end: str) -> str:
        """Does what the lines say up to the first of kind `end`. Returns what that one says."""
        while True:
            kind, _, rest = self.take().partition(" ")
            if kind == end:
                return rest
            if kind == "C":
                self.call(*rest.split(" "))
            elif kind == "M":
                address, data = rest.split(" ")
                self.memory.write(self.store, bytes.fromhex(data), int(address))
            else:
                raise Difference(f"line {self.number}: the core should have gone on with: {kind} {rest}")

    def call(self, name: str, *words: str) -> None:
        kind = self.types[name]
        args = [number(text, of) for text, of in zip(words, kind.params)]
        answer = self.exports[name](self.store, *args)
        self.expect(f"R {word(answer, kind.results[0]) if kind.results else '-'}")

    def check_memory(self, size_and_hash: str) -> None:
        data = self.memory.read(self.store, 0, self.memory.data_len(self.store))
        found = f"{len(data)} {hashlib.sha256(data).hexdigest()}"
        if found != size_and_hash:
            raise Difference(f"line {self.number}: the memory is {found}, recorded was {size_and_hash}")

    def take(self) -> str:
        if self.number == len(self.lines):
            raise Difference(f"line {self.number}: the log ends too early")
        self.number += 1
        return self.lines[self.number - 1]

    def expect(self, found: str) -> None:
        recorded = self.take()
        if recorded != found:
            raise Difference(f"line {self.number}: recorded was {recorded}, the core did {found}")


def number(text: str, of: wasmtime.ValType) -> float:
    return int(text) if of == I32 else struct.unpack(">d", bytes.fromhex(text))[0]


def word(value: float, of: wasmtime.ValType) -> str:
    return str(value) if of == I32 else struct.pack(">d", value).hex()


def main(core: str, log: str) -> int:
    with open(log, encoding="ascii") as file:
        replay = Replay(core, file.read())
    try:
        replay.check_memory(replay.play("H"))
    except Difference as difference:
        print(difference)
        return 1
    print(f"{replay.number} lines agree")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
