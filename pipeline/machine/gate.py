"""A gate for threads that need memory: together they never hold more than its limit."""

import ctypes
import mmap
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_WORTH_A_TRIM = 64_000_000


class MemoryGate:
    """Lets threads pass while the bytes they ask for fit; small requests pass many at a time."""

    def __init__(self, limit: int) -> None:
        self._limit = self._free = limit
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, size: int) -> Iterator[None]:
        """Wait for `size` bytes (at most the limit: then alone), and give them back at the end."""
        size = min(size, self._limit)
        with self._changed:
            self._changed.wait_for(lambda: size <= self._free)
            self._free -= size
        try:
            yield
        finally:
            if size >= _WORTH_A_TRIM:
                trim_memory()
            with self._changed:
                self._free += size
                self._changed.notify_all()


def require_memory(size: int) -> None:
    """MemoryError unless the system would give this process `size` bytes now."""
    try:
        mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except OSError:
        raise MemoryError from None


def trim_memory() -> None:
    """Give freed memory back to the system, where the C library can.

    glibc keeps what a thread freed for that thread: sixteen threads that decode one large picture
    each, one after the other, would hold sixteen pictures' memory.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
