"""One shard file and where its fields lie: found by offset, nothing unpacked or trusted.

The stores differ only in how they are scanned: a scan gives (name, offset, size) of every payload
in order, and has checked that it lies within the file. Names must be those that the plan gives.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from operator import add
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shards.base.errors import DamagedShardError
from shards.base.keys import KeyOf
from shards.stores.shard_bytes import HashedBytes, ShardBytes, SomeBytes, UnreadableShardError

Member = tuple[bytes, int, int]
"""Name, offset and size of a payload."""

Scan = Callable[[SomeBytes], Iterator[Member]]
"""Lists the payloads of a shard; raises UnreadableShardError where its structure is broken."""

_MOST_FIELDS = 16
_BETWEEN = 1 << 10
"""Bytes between fields that are worth reading along: a header, and what fills a tar's blocks."""
_ROW, _AT_ONCE = 1 << 18, 1 << 20
"""Bytes that are read at once: of one sample, and about as many of several."""


class IndexedShard:
    """Random access to one shard; row r holds the sample with key `key_of(r)`.

    With `hashed`, `sha256` is that of the whole file, which is read once for both. A file that
    replaces it must have the `sha256` that is found or given.
    """

    def __init__(
        self,
        path: Path,
        scan: Scan,
        key_of: KeyOf,
        samples: int,
        *,
        sha256: str | None = None,
        hashed: bool = False,
    ) -> None:
        self._path = path
        most = samples * _MOST_FIELDS
        try:
            self._file = ShardBytes(path, sha256)
            scanned = HashedBytes(self._file) if hashed else self._file
            members = list(islice(scan(scanned), most + 1))
            self.sha256 = scanned.hexdigest() if isinstance(scanned, HashedBytes) else sha256
            self._file.sha256 = self.sha256
        except UnreadableShardError as error:
            raise self._damaged(str(error)) from None
        if len(members) > most:
            raise self._damaged(f"over {most} entries that do not fit the plan")
        count, rest = divmod(len(members), samples)
        names, offsets, sizes = map(list, zip(*members, strict=True)) if members else ([], [], [])
        endings = [b"." + name.partition(b".")[2] for name in names[:count]]
        keys = (key_of(row).encode("ascii") for row in range(samples))
        if rest or not count or names != [key + ending for key in keys for ending in endings]:
            raise self._damaged(f"{len(members)} entries that do not fit the plan")
        self.fields = tuple(ending[1:].decode("ascii", "replace") for ending in endings)
        self._columns = {field: column for column, field in enumerate(self.fields)}
        spans = np.array([offsets, sizes], np.int64)  # (2, samples * fields)
        self._spans: NDArray[np.int64] = spans.reshape(2, samples, count)

    def get(self, row: int, field: str) -> bytes:
        """The bytes of one field of the sample at `row`."""
        column = self._column(field)
        self._require_row(row)
        offset, size = self._spans[:, row, column].tolist()
        return self._read(offset, offset + size)

    def row(self, row: int) -> Callable[[str], bytes]:
        """A function that reads the fields of the sample at `row` by name.

        Fields that lie together, as in a tar, are read at once with the first of them.
        """
        self._require_row(row)
        offsets, sizes = self._spans[:, row].tolist()
        begin, end = min(offsets), max(map(add, offsets, sizes))
        together = end - begin <= min(_ROW, sum(sizes) + _BETWEEN * len(sizes))
        data: bytes | None = None

        def get(field: str) -> bytes:
            nonlocal data
            column = self._column(field)
            offset, size = offsets[column], sizes[column]
            if not together:
                return self._read(offset, offset + size)
            if data is None:
                data = self._read(begin, end)
            return data[offset - begin : offset - begin + size]

        return get

    def rows(self) -> Iterator[dict[str, bytes]]:
        """The fields of every sample by name, in order, many samples read at once."""
        offsets, sizes = self._spans
        ends, samples = offsets + sizes, len(offsets)
        step = max(1, samples * _AT_ONCE // int(max(1, sizes.sum())))
        for first in range(0, samples, step):
            part = slice(first, first + step)
            begin, end = int(offsets[part].min()), int(ends[part].max())
            together = end - begin <= 2 * _AT_ONCE + int(sizes[part].sum())
            data = self._read(begin, end) if together else None
            for spans in zip(offsets[part].tolist(), ends[part].tolist(), strict=True):
                fields = zip(self.fields, *spans, strict=True)
                if data is None:
                    yield {field: self._read(o, e) for field, o, e in fields}
                else:
                    yield {field: data[o - begin : e - begin] for field, o, e in fields}

    def sizes(self) -> dict[str, int]:
        """Bytes of payload by field."""
        totals = self._spans[1].sum(axis=0)
        return dict(zip(self.fields, totals.tolist(), strict=True))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _column(self, field: str) -> int:
        column = self._columns.get(field)
        if column is None:
            raise self._damaged(f"no {field} in it")
        return column

    def _require_row(self, row: int) -> None:
        if row >= self._spans.shape[1]:
            raise self._damaged(f"{self._spans.shape[1]} samples, not {row + 1}")

    def _read(self, begin: int, end: int) -> bytes:
        try:
            return self._file[begin:end]
        except UnreadableShardError as error:
            raise self._damaged(str(error)) from None

    def _damaged(self, found: str) -> DamagedShardError:
        return DamagedShardError(
            str(self._path),
            expected="a whole shard as its commit record describes it",
            found=found,
            remedy="see `depthmask verify`; --repair makes damaged shards again",
        )
