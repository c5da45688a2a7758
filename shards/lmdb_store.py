"""LMDB shards: one file a shard, keys `KEY.FIELD`, one write transaction.

Written in a local temporary folder (LMDB is not for network file systems) and moved when closed;
opened read-only and without a lock file, once a process, after any fork.
"""

import errno
import shutil
from itertools import takewhile
from pathlib import Path

import lmdb

from shards.errors import RunError
from shards.files import sha256_of
from shards.keys import KeyOf
from shards.scratch import Scratch

_MEBIBYTE = 1 << 20


class LmdbWriter:
    """Writes one LMDB shard that appears at `path` when closed.

    `capacity` bounds the payload in bytes. It is stored in the file as the size of the map, so it
    must follow from the plan alone.
    """

    def __init__(self, path: Path, capacity: int) -> None:
        self._path = path
        self._scratch = Scratch()
        self._local = self._scratch.path / "shard.lmdb"
        map_size = (capacity * 5 // 4 // _MEBIBYTE + 16) * _MEBIBYTE
        self._environment = lmdb.open(
            str(self._local), map_size=map_size, subdir=False, lock=False, sync=False
        )
        self._transaction = self._environment.begin(write=True)

    def add(self, key: str, fields: dict[str, bytes]) -> None:
        """Append a sample; keys must come in order."""
        try:
            for field in sorted(fields):
                self._transaction.put(f"{key}.{field}".encode("ascii"), fields[field], append=True)
        except lmdb.DiskError as error:
            raise self._unwritten(error) from None

    def close(self) -> tuple[int, str]:
        """End the shard; its size in bytes and SHA-256."""
        try:
            self._transaction.commit()
        except lmdb.DiskError as error:
            raise self._unwritten(error) from None
        self._environment.close()
        shutil.move(self._local, self._path)
        self._scratch.remove()
        return self._path.stat().st_size, sha256_of(self._path)

    def abort(self) -> None:
        """Stop writing and drop what was written."""
        self._transaction.abort()
        self._environment.close()
        self._scratch.remove()

    def _unwritten(self, error: lmdb.Error) -> OSError:
        """LMDB's own error as the system's, with the place that is full."""
        return OSError(errno.ENOSPC, str(error), str(self._scratch.path.parent))


class LmdbShard:
    """Random access to one LMDB shard; row r holds the sample with key `key_of(r)`."""

    def __init__(self, path: Path, key_of: KeyOf, samples: int) -> None:
        self._path, self._key_of = path, key_of
        try:
            self._environment = lmdb.open(
                str(path), subdir=False, readonly=True, lock=False, readahead=False
            )
        except lmdb.Error as error:
            raise self._damaged(str(error)) from None
        self._transaction = self._environment.begin(buffers=False)
        first = key_of(0) + "."
        with self._transaction.cursor() as cursor:
            cursor.set_range(first.encode("ascii"))
            names = (key.decode("ascii") for key in cursor.iternext(values=False))
            of_first = takewhile(lambda name: name.startswith(first), names)
            self.fields = tuple(name[len(first) :] for name in of_first)
        entries = self._environment.stat()["entries"]
        if entries != samples * len(self.fields):
            raise self._damaged(f"{entries} entries that do not fit the plan")

    def get(self, row: int, field: str) -> bytes:
        """The bytes of one field of the sample at `row`."""
        name = f"{self._key_of(row)}.{field}"
        data: bytes | None = self._transaction.get(name.encode("ascii"))
        if data is None:
            raise self._damaged(f"no entry {name}")
        return data

    def sizes(self) -> dict[str, int]:
        """Bytes of payload by field."""
        totals = dict.fromkeys(self.fields, 0)
        with self._transaction.cursor() as cursor:
            for key, data in cursor:
                totals[key.decode("ascii").partition(".")[2]] += len(data)
        return totals

    def close(self) -> None:
        """Close the environment."""
        self._transaction.abort()
        self._environment.close()

    def _damaged(self, found: str) -> RunError:
        return RunError(
            str(self._path),
            expected="a whole LMDB shard as its commit record describes it",
            found=found,
            remedy="delete this shard and its .json and run the same build-dataset again",
        )
