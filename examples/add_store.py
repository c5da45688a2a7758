"""A store of one's own: payloads one after the other, then an index as JSON, then its length."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args

from shards.base import formats

formats.Format = Literal["tar", "lmdb", "cat"]  # in a copy of depthmask: one word in
formats.FORMATS = get_args(formats.Format)  # shards/base/formats.py

from shards.stores import table as stores  # noqa: E402
from shards.stores.indexed_shard import Member  # noqa: E402
from shards.stores.shard_bytes import SomeBytes, UnreadableShardError  # noqa: E402


class CatWriter:
    def __init__(self, path: Path, capacity: int) -> None:
        self._path, self._payload, self._index = path, bytearray(), []

    def add(self, key: str, fields: dict[str, bytes]) -> None:
        for field in sorted(fields):
            self._index.append((f"{key}.{field}", len(self._payload), len(fields[field])))
            self._payload += fields[field]

    def close(self) -> tuple[int, str]:
        index = json.dumps(self._index).encode()
        data = bytes(self._payload) + index + len(index).to_bytes(8)
        self._path.write_bytes(data)
        return len(data), hashlib.sha256(data).hexdigest()

    def abort(self) -> None:
        self._payload.clear()


def scan_cat(file: SomeBytes) -> Iterator[Member]:
    end = len(file) - 8 - int.from_bytes(file[-8:])
    if end < 0:
        raise UnreadableShardError("no index")
    for name, offset, size in json.loads(file[end:-8]):
        if offset + size > end:
            raise UnreadableShardError(f"{name} beyond the end")
        yield name.encode(), offset, size


stores.WRITERS["cat"], stores.SCANS["cat"] = CatWriter, scan_cat  # rows of shards/stores/table.py
