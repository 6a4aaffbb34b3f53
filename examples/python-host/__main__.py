"""The core in Python: calls, timers, futures and coroutines on core.wasm, and a socket that is watched with `selectors`.

    python3 -m pip install wasmtime
    python3 examples/python-host
"""

import socket
import sys
from pathlib import Path

from futures import FINISHED, Cancelled
from loop import Loop


def main(loop):
    near, far = socket.socketpair()
    heard = loop.future()

    def readable():
        loop.remove_reader(near.fileno())
        heard.settle(FINISHED, near.recv(100).decode())

    def shout():
        print("shout: waits for a timer")
        yield from loop.sleep(0.01)
        far.send(b"hello")
        return "done"

    def be_patient():
        try:
            yield from loop.sleep(3600)
        except Cancelled:
            print("patient: cancelled where it waits")
            raise

    loop.add_reader(near.fileno(), readable)
    shouting, patient = loop.task(shout()), loop.task(be_patient())
    loop.when_done(shouting, print, "done callback: shout has ended")
    loop.call_soon(print, "call: in the next turn")
    loop.call_soon(lambda: 1 // 0)
    loop.cancel(loop.call_soon(print, "call: never"))
    yield
    print("main: has given up a turn")
    print("main: shout returned", (yield from shouting))
    print("main: the socket said", (yield from heard))
    patient.cancel()
    try:
        yield from patient
    except Cancelled:
        print("main: patient has ended")
    near.close()
    far.close()


loop = Loop(sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).parents[2] / "dist/core.wasm"))
ended = loop.task(main(loop))
loop.when_done(ended, loop.core.stop)
loop.core.runForever()
if ended.error:
    raise ended.error
print("slots that are left:", loop.core.liveSlots())
