"""Torch on one thread: for sums with the same last bits, or beside others that need the cores."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from shards.base.cores import cores


def fit_threads() -> None:
    """Let torch compute on no more threads than there are cores: it knows of no quota."""
    import torch

    torch.set_num_threads(min(torch.get_num_threads(), cores()))


@contextmanager
def one_thread() -> Iterator[None]:
    """Within, torch computes on one thread, whatever it was set to; then on as many as before."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def start_thread(work: Callable[[], None], cores: int) -> threading.Thread:
    """A daemon thread, begun, that does `work` with torch on some cores; others keep theirs.

    Torch gives a second thread a team of its own otherwise, as large as the first one's, and the
    two spin on the same cores.
    """
    import torch

    threads = torch.get_num_threads()
    begun = threading.Event()

    def run() -> None:
        try:
            torch.set_num_threads(cores)  # of this thread, and of threads that begin from here on
        finally:
            begun.set()
        work()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    begun.wait()
    torch.set_num_threads(threads)
    return thread
