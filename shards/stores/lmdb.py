"""LMDB shards: one file a shard, keys `KEY.FIELD`, one write transaction.

Written by LMDB's library in a local temporary folder (LMDB is not for network file systems) and
moved when closed; read by `shards/stores/lmdb_pages.py`, which trusts no page.
"""

import errno
import os
import shutil
from pathlib import Path

import lmdb

from shards.base.files import sha256_of
from shards.base.scratch import Scratch

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
        except lmdb.Error as error:
            raise self._unwritten() from error

    def close(self) -> tuple[int, str]:
        """End the shard; its size in bytes and SHA-256."""
        try:
            self._transaction.commit()
        except lmdb.Error as error:
            raise self._unwritten() from error
        self._environment.close()
        shutil.move(self._local, self._path, shutil.copyfile)  # not every place has modes to copy
        self._scratch.remove()
        return self._path.stat().st_size, sha256_of(self._path)

    def abort(self) -> None:
        """Stop writing and drop what was written."""
        self._transaction.abort()
        self._environment.close()
        self._scratch.remove()

    def _unwritten(self) -> OSError:
        """LMDB's failure to write as the system's; it takes a short write for an I/O error."""
        place = self._scratch.path.parent
        full = shutil.disk_usage(place).free < _MEBIBYTE
        number = errno.ENOSPC if full else errno.EIO
        return OSError(number, os.strerror(number), str(place))
