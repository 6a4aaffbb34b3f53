"""Runs one WASI command under the wasmtime wheel: python3 wasmtime_run.py FILE.

Output is inherited and the exit code is passed on. The command gets no arguments, no environment and no files; a trap is
printed and ends this process with 134, as the wasmtime program does it.
"""

import sys

import wasmtime


def main(path: str) -> int:
    store = wasmtime.Store(wasmtime.Engine())
    wasi = wasmtime.WasiConfig()
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    store.set_wasi(wasi)
    linker = wasmtime.Linker(store.engine)
    linker.define_wasi()
    try:
        instance = linker.instantiate(store, wasmtime.Module.from_file(store.engine, path))
        instance.exports(store)["_start"](store)
    except wasmtime.ExitTrap as exit_trap:
        return exit_trap.code
    except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
        print(error, file=sys.stderr)
        return 134
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
