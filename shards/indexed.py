"""One shard file and where its fields lie: found by offset, nothing unpacked or trusted.

The stores differ only in how they are scanned: a scan gives (name, offset, size) of every payload
in order, and has checked that it lies within the file. Names must be those that the plan gives.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shards.errors import RunError
from shards.keys import KeyOf
from shards.shard_bytes import DamagedShardError, ShardBytes

Member = tuple[bytes, int, int]
"""Name, offset and size of a payload."""

Scan = Callable[[ShardBytes], Iterator[Member]]
"""Lists the payloads of a shard; raises DamagedShardError where its structure is broken."""

_MOST_FIELDS = 16


class IndexedShard:
    """Random access to one shard; row r holds the sample with key `key_of(r)`."""

    def __init__(self, path: Path, scan: Scan, key_of: KeyOf, samples: int) -> None:
        self._path = path
        try:
            self._file = ShardBytes(path)
            members = self._scan(scan, samples * _MOST_FIELDS)
        except DamagedShardError as error:
            raise self._damaged(str(error)) from None
        count, rest = divmod(len(members), samples)
        names, offsets, sizes = map(list, zip(*members, strict=True)) if members else ([], [], [])
        endings = [b"." + name.partition(b".")[2] for name in names[:count]]
        keys = (key_of(row).encode("ascii") for row in range(samples))
        if rest or not count or names != [key + ending for key in keys for ending in endings]:
            raise self._damaged(f"{len(members)} entries that do not fit the plan")
        self.fields = tuple(ending[1:].decode("ascii", "replace") for ending in endings)
        spans = np.array([offsets, sizes], np.int64)  # (2, samples * fields)
        self._spans: NDArray[np.int64] = spans.reshape(2, samples, count)

    def get(self, row: int, field: str) -> bytes:
        """The bytes of one field of the sample at `row`."""
        if field not in self.fields:
            raise self._damaged(f"no {field} in it")
        if row >= self._spans.shape[1]:
            raise self._damaged(f"{self._spans.shape[1]} samples, not {row + 1}")
        offset, size = self._spans[:, row, self.fields.index(field)].tolist()
        try:
            return self._file[offset : offset + size]
        except DamagedShardError as error:
            raise self._damaged(str(error)) from None

    def sizes(self) -> dict[str, int]:
        """Bytes of payload by field."""
        totals = self._spans[1].sum(axis=0)
        return dict(zip(self.fields, totals.tolist(), strict=True))

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _scan(self, scan: Scan, most: int) -> list[Member]:
        members = []
        for member in scan(self._file):
            members.append(member)
            if len(members) > most:
                raise DamagedShardError(f"over {most} entries that do not fit the plan")
        return members

    def _damaged(self, found: str) -> RunError:
        return RunError(
            str(self._path),
            expected="a whole shard as its commit record describes it",
            found=found,
            remedy="see `depthmask verify`; --repair makes damaged shards again",
        )
