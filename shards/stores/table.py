"""The table of stores: how shards are written and opened, by format name (= file ending)."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from shards.base.keys import KeyOf
from shards.stores.indexed_shard import IndexedShard, Scan
from shards.stores.lmdb import LmdbWriter
from shards.stores.lmdb_pages import scan_lmdb
from shards.stores.tar import TarWriter, scan_tar


class StoreWriter(Protocol):
    """Writes one shard file."""

    def add(self, key: str, fields: dict[str, bytes]) -> None:
        """Append a sample; keys must come in order."""

    def close(self) -> tuple[int, str]:
        """End the shard; its size in bytes and SHA-256."""

    def abort(self) -> None:
        """Stop writing."""


class Shard(Protocol):
    """Random access to one shard file, by row and field."""

    fields: tuple[str, ...]

    def get(self, row: int, field: str) -> bytes:
        """The bytes of one field of the sample at `row`."""

    def row(self, row: int) -> Callable[[str], bytes]:
        """What gives the fields of the sample at `row` by name."""

    def rows(self) -> Iterator[dict[str, bytes]]:
        """The fields of every sample by name, in order."""

    def sizes(self) -> dict[str, int]:
        """Bytes of payload by field."""

    def close(self) -> None:
        """Release the file."""


WRITERS: dict[str, Callable[[Path, int], StoreWriter]] = {"tar": TarWriter, "lmdb": LmdbWriter}
SCANS: dict[str, Scan] = {"tar": scan_tar, "lmdb": scan_lmdb}


def open_writer(format: str, path: Path, capacity: int) -> StoreWriter:
    """A writer of one shard file of `format`; `capacity` bounds the payload in bytes."""
    return WRITERS[format](path, capacity)


def open_shard(
    format: str, path: Path, key_of: KeyOf, samples: int, sha256: str | None = None
) -> Shard:
    """One shard file opened for reading; DamagedShardError where it is damaged.

    Reading continues if the file is replaced by another with the `sha256`.
    """
    return IndexedShard(path, SCANS[format], key_of, samples, sha256=sha256)


def open_hashed(format: str, path: Path, key_of: KeyOf, samples: int) -> tuple[Shard, str]:
    """The same, and the SHA-256 of the file, from one pass over it."""
    shard = IndexedShard(path, SCANS[format], key_of, samples, hashed=True)
    return shard, str(shard.sha256)
