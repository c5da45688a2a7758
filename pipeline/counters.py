"""Samples done so far, by shard, from every process of this machine: one small mapped file."""

import os
import tempfile
from pathlib import Path

import numpy as np


class Counters:
    """Counters that worker processes raise and the parent reads; picklable, without locks.

    Each shard has its own counter and its own writer, so nothing is ever contended.
    """

    def __init__(self, count: int) -> None:
        descriptor, name = tempfile.mkstemp(prefix="depthmask-", suffix=".counters")
        os.close(descriptor)
        self._path = Path(name)
        self._path.write_bytes(bytes(8 * max(1, count)))

    def _open(self) -> "np.memmap[tuple[int], np.dtype[np.int64]]":
        return np.memmap(self._path, np.int64, mode="r+")

    def set(self, index: int, value: int) -> None:
        """Say that `value` samples of shard `index` are done."""
        self._open()[index] = value

    def total(self) -> int:
        """Samples done in all shards."""
        return int(self._open().sum())

    def remove(self) -> None:
        """Delete the file."""
        self._path.unlink(missing_ok=True)
