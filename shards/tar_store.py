"""Tar shards: plain USTAR files that any tar, webdataset or our own reader opens.

Members are `KEY.FIELD` in order of key, then field, with mtime, uid and gid 0, so equal samples
give equal bytes. The reader finds members by offset; nothing is unpacked.
"""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from shards.indexed import Member
from shards.shard_bytes import DamagedShardError, ShardBytes

_BLOCK = 512
_END = bytes(2 * _BLOCK)
_AT_ONCE = 4096
_MAGIC = np.frombuffer(b"ustar", np.uint8)


def _blank_header() -> bytearray:
    """The USTAR header of an empty regular file of mode 0644, its name and checksum to come."""
    header = bytearray(_BLOCK)
    header[100:108] = b"0000644\0"
    header[108:124] = b"0000000\0" * 2
    header[124:148] = b"00000000000\0" * 2
    header[148:156] = b" " * 8
    header[156] = ord("0")
    header[257:265] = b"ustar\00000"
    return header


_BLANK = _blank_header()
_BLANK_SUM = sum(_BLANK) - 11 * ord("0")


def _header(name: bytes, size: int) -> bytes:
    """A USTAR header for a regular file of mode 0644."""
    header, digits = _BLANK.copy(), b"%011o" % size
    header[0 : len(name)] = name
    header[124:135] = digits
    header[148:156] = b"%06o\0 " % (_BLANK_SUM + sum(name) + sum(digits))
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
        with suppress(OSError):  # what is in the buffer has no room on a full disk, and no need
            self._file.close()

    def _write(self, data: bytes) -> None:
        self._sha256.update(data)
        self._bytes += len(data)
        self._file.write(data)


def scan_tar(file: ShardBytes) -> Iterator[Member]:
    """Name, offset and size of every member, in order; headers must be right to the last bit.

    Only the way from header to header is walked one by one; what stands in them is compared
    thousands at a time, before any of these is given.
    """
    position, end = 0, len(file)
    while True:
        starts: list[int] = []
        sizes: list[int] = []
        headers: list[bytes] = []
        while position + _BLOCK <= end and len(starts) < _AT_ONCE:
            header = file[position : position + _BLOCK]
            if not header[0]:
                break
            try:
                size = int(header[124:135], 8)
            except ValueError:
                raise _no_header(position) from None
            starts.append(position)
            sizes.append(size)
            headers.append(header)
            position += _BLOCK + -(-max(0, size) // _BLOCK) * _BLOCK
        if position + _BLOCK > end:
            raise DamagedShardError(f"the end of the file at byte {end} inside the archive")
        if not starts:
            return
        offsets = (start + _BLOCK for start in starts)
        yield from zip(_checked_names(headers, starts), offsets, sizes, strict=True)


def _no_header(position: int) -> DamagedShardError:
    return DamagedShardError(f"no tar header at byte {position}")


def _checked_names(headers: list[bytes], starts: list[int]) -> list[bytes]:
    """The names in headers, each of which is one of a regular file with the right checksum."""
    blocks = np.frombuffer(bytearray().join(headers), np.uint8).reshape(-1, _BLOCK)  # (n, 512)
    sizes = blocks[:, 124:135]
    good = ((sizes >= ord("0")) & (sizes <= ord("7"))).all(axis=1)
    good &= (blocks[:, 257:262] == _MAGIC).all(axis=1) & (blocks[:, 156] == ord("0"))
    if not good.all():
        raise _no_header(starts[int(np.argmin(good))])
    digits = blocks[:, 148:154].astype(np.int64) - ord("0")
    written = digits @ (8 ** np.arange(5, -1, -1))
    names: list[bytes] = np.ascontiguousarray(blocks[:, :100]).view("S100")[:, 0].tolist()
    blocks[:, 148:156] = ord(" ")
    found = blocks.sum(axis=1, dtype=np.int64)
    wrong = np.flatnonzero((written != found) | (digits < 0).any(axis=1))
    if wrong.size:
        raise DamagedShardError(f"wrong checksum of the tar header at byte {starts[wrong[0]]}")
    return names
