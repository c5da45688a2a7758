"""Helper processes do not hear of a closed terminal: their parent does, and ends them."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def block_hangup() -> Iterator[None]:
    """Processes begun within keep SIGHUP blocked; what comes meanwhile is heard afterwards.

    A terminal sends it to all of them at once. Those of libraries that only keep the books (the
    resource trackers of loky and multiprocessing) would die before us and leave a traceback.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
