"""Silence for warnings of libraries while pictures are decoded, safe in threads.

`warnings.catch_warnings` alone is not: two threads that leave in another order than they entered
keep the silence for good.
"""

import threading
import warnings


class Quiet:
    """A context that any number of threads may be in; warnings are ignored until all have left."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._caught = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._caught = warnings.catch_warnings()
                self._caught.__enter__()
                warnings.simplefilter("ignore")
            self._inside += 1

    def __exit__(self, *raised: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._caught.__exit__(None, None, None)


QUIET = Quiet()
"""The one silence of this process."""
