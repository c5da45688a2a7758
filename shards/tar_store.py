"""Tar shards: plain USTAR files that any tar, webdataset or our own reader opens.

Members are `KEY.FIELD` in order of key, then field, with mtime, uid and gid 0, so equal samples
give equal bytes. The reader maps the file and finds members by offset; nothing is unpacked.
"""

import hashlib
import mmap
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shards.errors import RunError
from shards.keys import KeyOf

_BLOCK = 512
_END = bytes(2 * _BLOCK)


def _header(name: bytes, size: int) -> bytes:
    """A USTAR header for a regular file of mode 0644."""
    header = bytearray(_BLOCK)
    header[0 : len(name)] = name
    header[100:108] = b"0000644\0"
    header[108:124] = b"0000000\0" * 2
    header[124:136] = b"%011o\0" % size
    header[136:148] = b"00000000000\0"
    header[148:156] = b" " * 8
    header[156] = ord("0")
    header[257:265] = b"ustar\00000"
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


class TarWriter:
    """Writes one tar shard to `path`, hashing as it goes."""

    def __init__(self, path: Path, capacity: int) -> None:
        self._file = path.open("wb", buffering=1 << 20)
        self._sha256 = hashlib.sha256()
        self._bytes = 0

    def add(self, key: str, fields: dict[str, bytes]) -> None:
        """Append a sample; keys must come in order."""
        parts = []
        for field in sorted(fields):
            data = fields[field]
            parts += [_header(f"{key}.{field}".encode("ascii"), len(data)), data]
            parts.append(bytes(-len(data) % _BLOCK))
        self._write(b"".join(parts))

    def close(self) -> tuple[int, str]:
        """End the archive; its size in bytes and SHA-256."""
        self._write(_END)
        self._file.close()
        return self._bytes, self._sha256.hexdigest()

    def abort(self) -> None:
        """Stop writing; the file stays without its end."""
        self._file.close()

    def _write(self, data: bytes) -> None:
        self._sha256.update(data)
        self._bytes += len(data)
        self._file.write(data)


class TarShard:
    """Random access to one tar shard; row r holds the sample with key `key_of(r)`."""

    def __init__(self, path: Path, key_of: KeyOf, samples: int) -> None:
        self._path = path
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        members = self._scan()
        count, rest = divmod(len(members), samples)
        self.fields = tuple(name.partition(".")[2] for name, _, _ in members[:count])
        expected = (f"{key_of(row)}.{field}" for row in range(samples) for field in self.fields)
        names = (name for name, _, _ in members)
        if rest or not count or any(a != b for a, b in zip(names, expected, strict=True)):
            raise self._damaged(f"{len(members)} members that do not fit the plan")
        spans = np.array([(offset, size) for _, offset, size in members], np.int64)
        self._spans: NDArray[np.int64] = spans.reshape(samples, count, 2)  # (samples, fields, 2)

    def get(self, row: int, field: str) -> bytes:
        """The bytes of one field of the sample at `row`."""
        offset, size = self._spans[row, self.fields.index(field)].tolist()
        return self._map[offset : offset + size]

    def sizes(self) -> dict[str, int]:
        """Bytes of payload by field."""
        totals = self._spans[:, :, 1].sum(axis=0)
        return dict(zip(self.fields, totals.tolist(), strict=True))

    def close(self) -> None:
        """Unmap the file."""
        self._map.close()

    def _damaged(self, found: str) -> RunError:
        return RunError(
            str(self._path),
            expected="a whole tar shard as its commit record describes it",
            found=found,
            remedy="delete this shard and its .json and run the same build-dataset again",
        )

    def _scan(self) -> list[tuple[str, int, int]]:
        """(name, offset of the payload, size) of every member."""
        members = []
        position, end = 0, len(self._map)
        while position + _BLOCK <= end and self._map[position] != 0:
            header = self._map[position : position + _BLOCK]
            size_field = header[124:135]
            if header[257:262] != b"ustar" or not size_field.isdigit():
                raise self._damaged(f"no tar header at byte {position}")
            size = int(size_field, 8)
            name = header[:100].rstrip(b"\0").decode("ascii", "replace")
            members.append((name, position + _BLOCK, size))
            position += _BLOCK + -(-size // _BLOCK) * _BLOCK
        if position + _BLOCK > end:
            raise self._damaged(f"the end of the file at byte {end} inside the archive")
        return members
