"""The C library's allocator, set to keep the memory that networks free.

A network on a CPU takes and gives back hundreds of megabytes for every batch. glibc returns large
blocks to the system at once, which then hands out and clears each page again: two fifths of the
time of a teacher's pass.
"""

import ctypes
import functools

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of malloc.h
_KEPT_BYTES = 1 << 30


@functools.cache
def keep_freed_memory() -> bool:
    """Whether this process now keeps freed blocks of up to 1 GiB for its next ones.

    Values of results do not change, and the peak of memory hardly does. Other C libraries than
    glibc are left as they are; one before 2.35, which refuses so large a size, too.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    if not mallopt(_MMAP_THRESHOLD, _KEPT_BYTES):
        return False
    return bool(mallopt(_TRIM_THRESHOLD, _KEPT_BYTES))
