"""pipeline/machine/gate.py and pipeline/machine/quiet.py"""

import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

from pipeline.machine.gate import MemoryGate
from pipeline.machine.quiet import Quiet


def test_threads_never_hold_more_than_the_limit() -> None:
    gate, lock = MemoryGate(100), threading.Lock()
    held, most = 0, 0

    def work(size: int) -> None:
        nonlocal held, most
        with gate.hold(size):
            with lock:
                held += min(size, 100)
                most = max(most, held)
            time.sleep(0.001)
            with lock:
                held -= min(size, 100)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [30, 60, 10, 100, 45, 250, 5] * 6))
    assert 60 < most <= 100
    assert held == 0


def test_memory_is_given_back_after_a_failure() -> None:
    gate = MemoryGate(10)
    for _ in range(3):
        try:
            with gate.hold(10):
                raise ValueError
        except ValueError:
            pass
    with gate.hold(10):
        pass


def test_silence_ends_when_the_last_thread_leaves_in_whatever_order() -> None:
    quiet, before = Quiet(), list(warnings.filters)
    first, second = threading.Event(), threading.Event()

    def stay() -> None:
        with quiet:
            first.set()
            second.wait(5)

    thread = threading.Thread(target=stay)
    thread.start()
    first.wait(5)
    with quiet:
        warnings.warn("not heard, though warnings are errors here", stacklevel=1)
    warnings.warn("still not heard: a thread is inside", stacklevel=1)
    second.set()
    thread.join()
    assert list(warnings.filters) == before
