"""Samples done so far, by shard, from every process of this machine: one small mapped file."""

from typing import Any

import numpy as np

from shards.scratch import Scratch


class Counters:
    """Counters that worker processes raise and the parent reads; picklable, without locks.

    Each shard has its own counter and its own writer, so nothing is ever contended.
    """

    def __init__(self, count: int) -> None:
        scratch = Scratch()
        self._scratch: Scratch | None = scratch
        self._path = scratch.path / "counters"
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
        """Delete the file; only the process that made the counters may."""
        if self._scratch is not None:
            self._scratch.remove()

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_scratch": None}
