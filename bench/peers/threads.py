"""The peers of the thread benchmark: calls from a thread into asyncio's or uvloop's loop.

    python3 threads.py asyncio|uvloop rate|wake COUNT     prints as bench/threads/calls.mjs does
"""

import asyncio
import sys
import threading
import time

PAUSE_S = 0.002

runner, metric, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
delays = []
times = []


def called(sent):
    now = time.monotonic_ns()
    delays.append(now - sent)
    times.append(now)


def call(loop):
    for _ in range(count):
        if metric == "wake":
            time.sleep(PAUSE_S)
        loop.call_soon_threadsafe(called, time.monotonic_ns())
    loop.call_soon_threadsafe(loop.stop)


def main():
    if runner == "uvloop":
        import uvloop

        loop = uvloop.new_event_loop()
    else:
        loop = asyncio.new_event_loop()
    thread = threading.Thread(target=call, args=(loop,))
    thread.start()
    loop.run_forever()
    thread.join()
    loop.close()
    if metric == "rate":
        print((len(times) - 1) / ((times[-1] - times[0]) / 1e9))
    else:
        delays.sort()
        print(delays[len(delays) // 2] / 1e3, delays[int(len(delays) * 0.99)] / 1e3)


main()
