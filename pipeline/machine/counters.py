"""What is done so far, by shard, from every process of this machine: one small mapped file."""

import dataclasses
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shards.base.scratch import Scratch


@dataclasses.dataclass(frozen=True, slots=True)
class Done:
    """Samples made, the depth maps that a teacher gave for them, and their bytes when stored."""

    samples: int
    maps: int
    bytes: int

    def __sub__(self, earlier: "Done") -> "Done":
        """What was done since."""
        return Done(
            self.samples - earlier.samples, self.maps - earlier.maps, self.bytes - earlier.bytes
        )


class Counters:
    """Counters that worker processes raise and the parent reads; picklable, without locks.

    Each shard has its own counter and its own writer, so nothing is ever contended.
    """

    def __init__(self, count: int) -> None:
        scratch = Scratch()
        self._scratch: Scratch | None = scratch
        self._path = scratch.path / "counters"
        self._path.write_bytes(bytes(3 * 8 * max(1, count)))

    @cached_property
    def _rows(self) -> NDArray[np.int64]:
        return np.memmap(self._path, np.int64, mode="r+").reshape(-1, 3)  # a row a shard

    def set(self, index: int, done: Done) -> None:
        """Say what is done of shard `index`."""
        self._rows[index] = done.samples, done.maps, done.bytes

    def total(self) -> Done:
        """What is done in all shards."""
        return Done(*self._rows.sum(axis=0).tolist())

    def remove(self) -> None:
        """Delete the file; only the process that made the counters may."""
        if self._scratch is not None:
            self._scratch.remove()

    def __getstate__(self) -> dict[str, Any]:
        kept = {name: value for name, value in self.__dict__.items() if name != "_rows"}
        return kept | {"_scratch": None}
