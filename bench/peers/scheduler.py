"""The scheduler workloads on asyncio and uvloop.

Owns: the Python twin of `scheduler/workloads.mjs`: the same programs, statement for statement, with the same numbers
from the same generator.

Does not own: what is compared with what; see `scheduler/suite.mjs`.

    python3 scheduler.py asyncio|uvloop WORKLOAD OPERATIONS WARM_UP_OPERATIONS
"""

import asyncio
import json
import sys
import time

from loops import new_loop

BATCH = 1000
TASKS = 100
EARLIEST_SECONDS = 0.001
SPREAD_SECONDS_PER_TIMER = 50e-9


def call_soon_chain(loop, operations):
    left = operations

    def step():
        nonlocal left
        left -= 1
        if left > 0:
            loop.call_soon(step)
        else:
            loop.stop()

    return lambda: loop.call_soon(step)


def call_soon_batch(loop, operations):
    left = operations

    def step():
        nonlocal left
        left -= 1

    def refill():
        if left <= 0:
            loop.stop()
            return
        for _ in range(BATCH - 1):
            loop.call_soon(step)
        loop.call_soon(last)

    def last():
        step()
        refill()

    return refill


def timers(loop, operations):
    delays = []
    dropped = []
    random = 1
    for _ in range(operations):
        random = (random * 1103515245 + 12345) & 0x7FFFFFFF
        delays.append(EARLIEST_SECONDS + operations * SPREAD_SECONDS_PER_TIMER * random / 0x7FFFFFFF)
        dropped.append((random >> 16) % 10 != 0)
    left = dropped.count(False)

    def fire():
        nonlocal left
        left -= 1
        if left == 0:
            loop.stop()

    def arm():
        now = loop.time()
        handles = [loop.call_at(now + delay, fire) for delay in delays]
        for handle, drop in zip(handles, dropped):
            if drop:
                handle.cancel()

    return lambda: loop.call_soon(arm)


def task_switches(loop, operations):
    each = operations // TASKS
    left = TASKS

    async def worker():
        nonlocal left
        for _ in range(each):
            await asyncio.sleep(0)
        left -= 1
        if left == 0:
            loop.stop()

    def start():
        for _ in range(TASKS):
            loop.create_task(worker())

    return start


def future_round_trips(loop, operations):
    async def worker():
        for number in range(operations):
            future = loop.create_future()
            loop.call_soon(future.set_result, number)
            if await future != number:
                raise AssertionError("a future gave another result than it was given")
        loop.stop()

    return lambda: loop.create_task(worker())


WORKLOADS = {
    "callSoonChain": call_soon_chain,
    "callSoonBatch": call_soon_batch,
    "timers": timers,
    "taskSwitches": task_switches,
    "futureRoundTrips": future_round_trips,
}


def measure(loop, workload, operations):
    start = workload(loop, operations)
    wall, cpu = time.perf_counter_ns(), time.process_time_ns()
    start()
    loop.run_forever()
    return {"cpuNs": time.process_time_ns() - cpu, "wallNs": time.perf_counter_ns() - wall}


def main():
    loop, workload = new_loop(sys.argv[1]), WORKLOADS[sys.argv[2]]
    operations, warm_up = int(sys.argv[3]), int(sys.argv[4])
    measure(loop, workload, warm_up)
    print(json.dumps(measure(loop, workload, operations)))


main()
